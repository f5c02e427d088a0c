-- Collisions with those who held, and the record of every change, with the payload where it has one.

CREATE TEMP TABLE clashes AS
SELECT row_number() OVER (ORDER BY at, holding, challenging) AS id, * FROM (
    SELECT DISTINCT holder.n AS holding, rival.n AS challenging, rival.entered_at AS at, rival.agent
    FROM takers
    JOIN draft AS holder ON holder.n = takers.n
    JOIN draft_keys AS k ON k.name_key = takers.name_key AND k.phone = takers.phone AND k.n <> takers.n
    JOIN draft AS rival ON rival.n = k.n
    WHERE rival.entered_at BETWEEN holder.bound_at AND coalesce(holder.protect_until, rival.entered_at)
) AS pairs;

INSERT INTO collisions (
    id, kind, holding_lead_id, challenging_lead_id, state, opened_at, last_event_at, handled_at, handled_by_id,
    outcome, note
)
SELECT id, 'held', holding, challenging, CASE WHEN is_open THEN 'open' ELSE 'handled' END, at, at,
       CASE WHEN NOT is_open THEN at + interval '1 hour' END, CASE WHEN NOT is_open THEN 2 END,
       CASE WHEN NOT is_open THEN 'holder_keeps' END, ''
FROM clashes CROSS JOIN LATERAL (SELECT at > (SELECT now FROM clock) - interval '20 days' AS is_open) AS state
ORDER BY id;

INSERT INTO collision_events (collision_id, kind, at, actor_id, words)
SELECT id, 'entered', at, 100 + agent, '' FROM clashes ORDER BY id;

CREATE TEMP TABLE events AS
SELECT row_number() OVER (ORDER BY at, chain) AS id, * FROM (
    SELECT 'lead:' || n AS chain, n AS lead, 100 + agent AS actor, 'broker' AS role, 'enter_lead' AS action,
           entered_at AS at, '{"broker":' || 100 + agent || ',"status":[null,"entered"]}' AS changes,
           '{"given_name":"' || given_name || '","needs":"' || pg_temp.needs(n) || '","phone1":"' || phone1
           || '","phone2":' || coalesce('"' || phone2 || '"', 'null') || ',"surname":"' || surname || '"}' AS personal
    FROM draft
    UNION ALL
    SELECT 'lead:' || n, n, 100 + agent, 'broker', 'report_lead', first_reported_at,
           '{"status":["entered","reported"]}', NULL
    FROM draft WHERE first_reported_at IS NOT NULL
    UNION ALL
    SELECT 'lead:' || n, n, 100 + agent, 'broker', 'report_lead', protect_until + interval '3 days',
           '{"status":["expired","reported"]}', NULL
    FROM draft WHERE fate = 'reported_again'
    UNION ALL
    SELECT 'lead:' || n, n, 100 + agent, 'broker', 'withdraw_entry', entered_at + interval '1 minute',
           '{"status":["entered","withdrawn"]}', NULL
    FROM draft WHERE fate = 'withdrawn'
    UNION ALL
    SELECT 'lead:' || visits.n, visits.n, 21 + floor(pg_temp.draw(visits.n, 62) * 6)::int, 'gate',
           CASE WHEN is_first THEN 'bind_by_scan' ELSE 'visit_again' END, at,
           CASE WHEN is_first THEN '{"binding":' || bindings.id || ',"days":60,"ends_at":"'
                || to_char(bindings.ends_at, 'YYYY-MM-DD"T"HH24:MI:SS.US') || '+00:00","scan":' || visits.id
                || ',"status":["reported","bound"]}' ELSE '{"scan":' || visits.id || '}' END, NULL
    FROM visits LEFT JOIN bindings ON bindings.scan_id = visits.id
    UNION ALL
    SELECT 'lead:' || from_lead_id, from_lead_id, actor_id, 'director', 'rebind_away', at,
           '{"rebind":' || id || ',"status":["bound","expired"],"to_lead":' || to_lead_id || '}',
           '{"reason":"' || reason || '"}'
    FROM rebinds
    UNION ALL
    SELECT 'lead:' || to_lead_id, to_lead_id, actor_id, 'director', 'rebind_here', at,
           '{"binding":' || bindings.id || ',"from_lead":' || from_lead_id || ',"rebind":' || rebinds.id
           || ',"status":["reported","bound"]}', '{"reason":"' || reason || '"}'
    FROM rebinds JOIN bindings ON bindings.rebind_id = rebinds.id
    UNION ALL
    SELECT 'lead:' || n, n, 2, 'director', 'merge_lead',
           (SELECT target.bound_at FROM draft AS target WHERE target.n = draft.n - 1),
           '{"merged_into":[null,' || n - 1 || '],"status":"reported"}', NULL
    FROM draft WHERE fate = 'merged'
    UNION ALL
    SELECT 'lead:' || lead_id, lead_id, consultant_id, 'consultant', 'record_viewing', viewed_at,
           '{"intent":"' || intent || '","standing_in":false,"viewing":' || id || '}', NULL
    FROM viewings
    UNION ALL
    SELECT 'lead:' || lead_id, lead_id, author_id, 'consultant', 'add_follow_up', written_at,
           '{"follow_up":' || id || ',"next_on":"' || next_on || '"}', '{"note":"' || note || '"}'
    FROM follow_ups
    UNION ALL
    SELECT 'lead:' || lead_id, lead_id, created_by_id, 'secretary', 'pay_fee', created_at,
           '{"amount":"' || amount || '","brokerage":' || brokerage_id || ',"fee":' || id || '}', NULL
    FROM fees
    UNION ALL
    SELECT 'lead:' || lead_id, lead_id, marked_by_id, 'director', 'mark_dealt', marked_at,
           '{"deal":' || id || ',"dealt_on":"' || dealt_on || '","late":' || late || ',"status":["'
           || CASE WHEN late THEN 'expired' ELSE 'bound' END || '","dealt"]}', '{"unit":"' || unit || '"}'
    FROM deals
    UNION ALL
    SELECT 'lead:' || lead_id, lead_id, undone_by_id, 'director', 'undo_deal', undone_at,
           '{"deal":' || id || ',"status":["dealt","expired"]}', '{"reason":"' || undo_reason || '"}'
    FROM deals WHERE undone_at IS NOT NULL
    UNION ALL
    SELECT 'collision:' || id, challenging, 100 + agent, 'broker', 'collision_entered', at, '{"challenger":' || challenging || '}', NULL FROM clashes
) AS happened;

-- What a record says is spelled as domain/chain.py spells it, so that `flask verify-history` finds it whole.
CREATE TEMP TABLE digests AS
SELECT id, chain, row_number() OVER (PARTITION BY chain ORDER BY id) AS place, payload, pg_temp.hashed(
    '{"action":"' || action || '","actor":' || actor
    || ',"at":"' || to_char(at, 'YYYY-MM-DD"T"HH24:MI:SS.US') || 'Z","chain":"' || chain || '","changes":' || changes
    || ',"lead":' || lead || ',"payload":' || coalesce('"' || payload || '"', 'null') || ',"role":"' || role || '"}'
) AS digest
FROM events CROSS JOIN LATERAL (
    SELECT CASE WHEN personal IS NOT NULL THEN pg_temp.hashed(pg_temp.salt(id) || personal) END AS payload
) AS vouched;

-- Each place of all chains follows the one before, whose hashes must be there.
CREATE TEMP TABLE links AS SELECT id, chain, place, pg_temp.hashed(digest) AS hash FROM digests WHERE place = 1;
DO $$
BEGIN
    FOR next_place IN 2 .. (SELECT max(place) FROM digests) LOOP
        INSERT INTO links
        SELECT d.id, d.chain, d.place, pg_temp.hashed(before.hash || d.digest)
        FROM digests d JOIN links before ON before.chain = d.chain AND before.place = next_place - 1
        WHERE d.place = next_place;
    END LOOP;
END $$;

INSERT INTO history (id, chain, position, lead_id, actor_id, actor_role, action, at, changes, payload_hash, hash)
SELECT id, events.chain, links.place, lead, actor, role, action, at, changes::json, payload, hash
FROM events JOIN digests USING (id) JOIN links USING (id) ORDER BY id;

INSERT INTO history_payloads (record_id, salt, values)
SELECT id, pg_temp.salt(id), personal::json FROM events WHERE personal IS NOT NULL ORDER BY id;
