-- Each question finds a row that must not be.

SELECT 'a listed lead lacks a key, or one out of the lists has one', l.id
FROM leads l LEFT JOIN lead_keys k ON k.lead_id = l.id
GROUP BY l.id
HAVING count(k.id) <> CASE WHEN l.status = 'withdrawn' OR l.merged_into_id IS NOT NULL THEN 0
                           WHEN l.phone2 IS NULL THEN 1 ELSE 2 END
LIMIT 1;

SELECT 'who holds a customer lacks a hold', l.id
FROM leads l LEFT JOIN holds h ON h.lead_id = l.id AND h.name_key = l.name_key AND h.phone IN (l.phone1, l.phone2)
     AND h.ends_at IS NOT DISTINCT FROM CASE l.status WHEN 'bound' THEN l.protect_until END
WHERE l.status = 'dealt' OR (l.status = 'bound' AND l.protect_until > now())
GROUP BY l.id
HAVING count(h.id) <> CASE WHEN l.phone2 IS NULL THEN 1 ELSE 2 END
LIMIT 1;

SELECT 'somebody holds who is neither bound nor dealt', h.lead_id
FROM holds h JOIN leads l ON l.id = h.lead_id WHERE l.status NOT IN ('bound', 'dealt') LIMIT 1;

SELECT 'a lead that was bound has no binding, or another end', l.id
FROM leads l LEFT JOIN bindings b ON b.lead_id = l.id AND b.ends_at = l.protect_until
WHERE l.bound_at IS NOT NULL AND b.id IS NULL LIMIT 1;

SELECT 'a binding has no keys', b.id
FROM bindings b WHERE NOT EXISTS (SELECT 1 FROM binding_keys k WHERE k.binding_id = b.id) LIMIT 1;

SELECT 'a deal stands on a lead that is not dealt, or none on one that is', l.id
FROM leads l LEFT JOIN deals d ON d.lead_id = l.id AND d.undone_at IS NULL
WHERE (l.status = 'dealt') <> (d.id IS NOT NULL) LIMIT 1;

SELECT 'a code without a report, or a report without a code', l.id
FROM leads l WHERE (l.code_token IS NULL) = EXISTS (SELECT 1 FROM reports r WHERE r.lead_id = l.id) LIMIT 1;

SELECT 'a payload that its record does not vouch for', h.id
FROM history h LEFT JOIN history_payloads p ON p.record_id = h.id
WHERE h.payload_hash IS DISTINCT FROM encode(sha256(convert_to(p.salt || p.values::text, 'UTF8')), 'hex') LIMIT 1;

SELECT 'a chain of the history is not counted from one on', chain
FROM history GROUP BY chain HAVING min(position) <> 1 OR max(position) <> count(*) LIMIT 1;

SELECT 'something happened after now', l.id
FROM leads l WHERE greatest(entered_at, first_reported_at, reported_at, bound_at, rebound_at) > now() LIMIT 1;

SELECT 'a running share that nobody would believe', running, listed
FROM (SELECT count(*) FILTER (WHERE status = 'bound' AND protect_until > now()) AS running, count(*) AS listed
      FROM leads) AS counts
WHERE running NOT BETWEEN listed * 0.015 AND listed * 0.035;

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
    SELECT sum(hashtextextended(gram || id || status || until, 0)) AS meant FROM (
        SELECT DISTINCT substr(name_key, place, size) AS gram, id,
               CASE WHEN status <> 'withdrawn' AND merged_into_id IS NULL THEN status ELSE '' END AS status,
               coalesce(protect_until::text, '') AS until
        FROM leads, generate_series(1, 4) AS place, generate_series(1, 2) AS size
        WHERE place + size - 1 <= length(name_key)
    ) AS taken_apart
) AS names, (
    SELECT sum(hashtextextended(
        gram || lead_id || coalesce(status, '') || coalesce(protect_until::text, ''), 0
    )) AS kept FROM lead_name_grams
) AS grams
WHERE meant IS DISTINCT FROM kept;

SELECT 'a name is longer than it is taken apart here', id FROM leads WHERE length(name_key) > 4 LIMIT 1
