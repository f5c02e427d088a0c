-- What triggers keep row by row (migrations 0009 and 0014), here at once; in the order in which people enter.

INSERT INTO lead_name_grams (gram, lead_id, status, protect_until)
SELECT DISTINCT substr(name_key, place, size), id,
       CASE WHEN status <> 'withdrawn' AND merged_into_id IS NULL THEN status END, protect_until
FROM leads, generate_series(1, 4) AS place, generate_series(1, 2) AS size
WHERE place + size - 1 <= length(name_key)
ORDER BY 2;

INSERT INTO broker_tallies (broker_id, entered, reported, bound, expired, dealt, ever_reported, ever_bound)
SELECT broker_id, count(*) FILTER (WHERE status = 'entered'), count(*) FILTER (WHERE status = 'reported'),
       count(*) FILTER (WHERE status = 'bound'), count(*) FILTER (WHERE status = 'expired'),
       count(*) FILTER (WHERE status = 'dealt'), count(first_reported_at), count(bound_at)
FROM leads WHERE status <> 'withdrawn' AND merged_into_id IS NULL
GROUP BY broker_id;
