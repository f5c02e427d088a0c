-- What happened at the sales centre: first visits, which bind, and every third customer comes again.

CREATE TEMP TABLE visits AS
SELECT row_number() OVER (ORDER BY at, n) AS id, n, agent, at, is_first FROM (
    SELECT n, agent, bound_at AS at, true AS is_first FROM draft WHERE bound_at IS NOT NULL AND kind <> 'target'
    UNION ALL
    SELECT n, agent, bound_at + interval '2 days' * (1 + pg_temp.draw(n, 61)), false FROM draft
    WHERE bound_at < now - interval '5 days' AND pg_temp.draw(n, 60) < 0.3
) AS both_kinds;
CREATE INDEX ON visits (n) WHERE is_first;
ANALYZE visits;

INSERT INTO gate_scans (id, lead_id, gate_id, consultant_id, broker_id, brokerage_id, scanned_at)
SELECT id, n, 21 + floor(pg_temp.draw(n, 62) * 6)::int, pg_temp.consultant(n), 100 + agent, (agent - 1) / 10 + 1, at
FROM visits ORDER BY id;

INSERT INTO rebinds (
    id, from_lead_id, to_lead_id, from_broker_id, to_broker_id, actor_id, at, reason, kept_end, old_end, new_end
)
SELECT source.n / 300 + 1, source.n, target.n, 100 + source.agent, 100 + target.agent, 2, target.bound_at, '双方协商一致',
       false, source.protect_until, target.protect_until
FROM draft AS source JOIN draft AS target ON target.n = source.n + 1
WHERE source.kind = 'source' AND target.kind = 'target'
ORDER BY 1;

INSERT INTO bindings (
    id, lead_id, broker_id, brokerage_id, scan_id, rebind_id, days, bound_at, ends_at, kept_end, ended_at
)
SELECT row_number() OVER (ORDER BY bound_at, draft.n), draft.n, 100 + agent, (agent - 1) / 10 + 1, visits.id,
       CASE WHEN kind = 'target' THEN draft.n / 300 + 1 END, 60, bound_at, protect_until, false,
       (SELECT rebound_at FROM leads WHERE leads.id = draft.n AND kind = 'source')
FROM draft LEFT JOIN (SELECT id, n FROM visits WHERE is_first) AS visits ON visits.n = draft.n
WHERE bound_at IS NOT NULL
ORDER BY 1;

INSERT INTO binding_keys (binding_id, name_key, phone, person_number)
SELECT bindings.id, name_key, phone, 0
FROM bindings JOIN draft ON draft.n = bindings.lead_id
CROSS JOIN LATERAL (VALUES (phone1), (phone2)) AS phones (phone)
WHERE phone IS NOT NULL
ORDER BY 1;

INSERT INTO viewings (lead_id, consultant_id, broker_id, intent, standing_in, viewed_at)
SELECT n, pg_temp.consultant(n), 100 + agent, chr(65 + floor(pg_temp.draw(n, 63) * 4)::int), false,
       at + interval '20 minutes'
FROM visits WHERE pg_temp.draw(id, 64) < 0.6
ORDER BY id;

INSERT INTO follow_ups (lead_id, author_id, note, written_at, next_on)
SELECT n, pg_temp.consultant(n), '客户在考虑，下周再联系', at + interval '1 day', (at + interval '8 days')::date
FROM visits WHERE pg_temp.draw(id, 65) < 0.1
ORDER BY id;
