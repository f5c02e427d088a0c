SELECT 'a tally that the leads do not bear out', t.*, c.*
FROM broker_tallies t FULL JOIN (
    SELECT broker_id, count(*) FILTER (WHERE status = 'entered') AS entered,
           count(*) FILTER (WHERE status = 'reported') AS reported, count(*) FILTER (WHERE status = 'bound') AS bound,
           count(*) FILTER (WHERE status = 'expired') AS expired, count(*) FILTER (WHERE status = 'dealt') AS dealt,
           count(*) FILTER (WHERE first_reported_at IS NOT NULL) AS ever_reported,
           count(*) FILTER (WHERE bound_at IS NOT NULL) AS ever_bound
    FROM leads WHERE status <> 'withdrawn' AND merged_into_id IS NULL GROUP BY broker_id
) AS c ON c.broker_id = t.broker_id
WHERE (t.entered, t.reported, t.bound, t.expired, t.dealt, t.ever_reported, t.ever_bound)
      IS DISTINCT FROM (c.entered, c.reported, c.bound, c.expired, c.dealt, c.ever_reported, c.ever_bound)
LIMIT 1;

SELECT 'names and their grams differ', meant, kept
FROM (
    SELECT sum(hashtextextended(gram || id, 0)) AS meant FROM (
        SELECT DISTINCT substr(name_key, place, size) AS gram, id
        FROM leads, generate_series(1, 4) AS place, generate_series(1, 2) AS size
        WHERE place + size - 1 <= length(name_key)
    ) AS taken_apart
) AS names, (SELECT sum(hashtextextended(gram || lead_id, 0)) AS kept FROM lead_name_grams) AS grams
WHERE meant IS DISTINCT FROM kept;

SELECT 'a name is longer than it is taken apart here', id FROM leads WHERE length(name_key) > 4 LIMIT 1
