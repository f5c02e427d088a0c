-- Deals, some undone again, and the fees that were paid for visits.

INSERT INTO deals (
    lead_id, dealt_on, unit, amount, late, reason, marked_at, marked_by_id, undone_at, undone_by_id, undo_reason
)
SELECT n, ((bound_at + interval '4 days') AT TIME ZONE 'Asia/Shanghai')::date, 'A-' || n % 900,
       (80 + floor(pg_temp.draw(n, 71) * 400))::bigint * 1000000, fate = 'undone',
       CASE WHEN fate = 'undone' THEN '补记' ELSE '' END,
       CASE WHEN fate = 'undone' THEN protect_until + interval '1 day' ELSE bound_at + interval '5 days' END, 2,
       CASE WHEN fate = 'undone' THEN protect_until + interval '2 days' END,
       CASE WHEN fate = 'undone' THEN 2 END, CASE WHEN fate = 'undone' THEN '录错了' ELSE '' END
FROM draft WHERE fate IN ('dealt', 'undone')
ORDER BY bound_at;

INSERT INTO fees (lead_id, broker_id, brokerage_id, amount, created_at, created_by_id, void_reason)
SELECT n, 100 + agent, (agent - 1) / 10 + 1, 10000 + 10000 * floor(pg_temp.draw(n, 72) * 3)::int,
       at + interval '1 hour', 5 + floor(pg_temp.draw(n, 73) * 16)::int, ''
FROM visits WHERE is_first AND pg_temp.draw(n, 74) < 0.4
ORDER BY id;
