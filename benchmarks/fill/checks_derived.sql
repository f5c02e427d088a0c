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

SELECT 'a name without all of its grams', l.id
FROM leads l LEFT JOIN lead_name_grams g ON g.lead_id = l.id AND strpos(l.name_key, g.gram) > 0
GROUP BY l.id
HAVING count(g.gram) <> (SELECT count(DISTINCT substr(l.name_key, place, size))
                         FROM generate_series(1, length(l.name_key)) AS place, generate_series(1, 2) AS size
                         WHERE place + size - 1 <= length(l.name_key))
LIMIT 1
