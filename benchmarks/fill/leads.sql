-- The leads, first as a draft: who is meant, whose it is, what became of it and when, all drawn from its number,
-- so that every run makes the same. Of each 300 three are one story: the customer of one broker (`source`) was
-- moved to another (`target`), who had entered them twice (`merged`).

CREATE TEMP TABLE draft AS
WITH numbers AS (
    SELECT n, now, began_at, rows,
           began_at + (now - interval '10 minutes' - began_at) * ((n - pg_temp.draw(n, 4)) / rows) AS entered_at
    FROM clock, generate_series(1, rows) AS n
), kinds AS (
    -- Stories of the last hundred days would not be over yet.
    SELECT *, CASE WHEN (n + 2) / 300 * 300 > rows * 0.9 THEN 'plain'
                   ELSE CASE n % 300 WHEN 298 THEN 'source' WHEN 299 THEN 'target' WHEN 0 THEN 'merged'
                        ELSE 'plain' END END AS kind
    FROM numbers
), persons AS (
    SELECT *, CASE kind WHEN 'target' THEN n - 1 WHEN 'merged' THEN n - 2 WHEN 'source' THEN n
                   -- One customer in twelve is brought by a second broker some time later.
                   ELSE CASE WHEN n > 600 AND pg_temp.draw(n, 1) < 0.08
                        THEN n - 1 - floor(pg_temp.draw(n, 2) * 500)::bigint ELSE n END END AS customer,
              CASE kind WHEN 'target' THEN pg_temp.agent(n - 1) + 7 WHEN 'merged' THEN pg_temp.agent(n - 2) + 7
                   ELSE pg_temp.agent(n) END % 2000 + 1 AS agent
    FROM kinds
), reported AS (
    SELECT *, CASE WHEN kind <> 'plain' THEN entered_at
                   WHEN pg_temp.draw(n, 5) >= 0.85 THEN NULL
                   WHEN pg_temp.draw(n, 7) < 0.5 THEN entered_at
                   ELSE entered_at + interval '10 days' * power(pg_temp.draw(n, 6), 3) END AS first_reported_at
    FROM persons
), bound AS (
    SELECT *, CASE kind WHEN 'source' THEN entered_at + interval '1 day'
                   WHEN 'target' THEN entered_at + interval '6 days'
                   WHEN 'merged' THEN NULL
                   ELSE CASE WHEN pg_temp.draw(n, 8) < 0.5 THEN
                        first_reported_at + interval '1 hour' + interval '12 days' * power(pg_temp.draw(n, 9), 2)
                        END END AS bound_at
    FROM reported
), seen AS (
    -- What would lie in the future has not happened.
    SELECT n, kind, customer, agent, entered_at, now,
           CASE WHEN first_reported_at < now - interval '1 minute' THEN first_reported_at END AS first_reported_at,
           CASE WHEN bound_at < now - interval '1 hour' THEN bound_at END AS bound_at
    FROM bound
), fates AS (
    SELECT *, bound_at + interval '60 days' AS protect_until,
           CASE WHEN kind = 'source' THEN 'rebound' WHEN kind = 'merged' THEN 'merged'
                WHEN first_reported_at IS NULL AND pg_temp.draw(n, 11) < 0.2 THEN 'withdrawn'
                WHEN first_reported_at IS NULL THEN 'entered'
                WHEN bound_at IS NULL THEN 'reported'
                WHEN kind = 'target' THEN 'bound'
                WHEN pg_temp.draw(n, 10) < 0.06 AND bound_at < now - interval '6 days' THEN 'dealt'
                WHEN bound_at > now - interval '70 days' THEN 'bound'
                WHEN pg_temp.draw(n, 10) < 0.07 THEN 'undone'
                WHEN pg_temp.draw(n, 10) < 0.15 THEN 'reported_again'
                ELSE 'bound' END AS fate
    FROM seen
)
SELECT fates.*, surname, given_name, surname || given_name AS name_key, phone1, nullif(phone2, phone1) AS phone2
FROM fates
CROSS JOIN LATERAL (
    SELECT pg_temp.phone(customer, 31) AS phone1,
           CASE WHEN pg_temp.draw(customer, 40) < 0.1 THEN pg_temp.phone(customer, 35) END AS phone2,
           floor(pg_temp.draw(customer, 20) * (SELECT count(*) FROM surnames))::int AS surname_slot,
           floor(power(pg_temp.draw(customer, 21), 1.6) * (SELECT count(*) FROM letters))::int AS first_slot,
           floor(power(pg_temp.draw(customer, 22), 1.6) * (SELECT count(*) FROM letters))::int AS second_slot
) AS person
JOIN surnames ON surnames.slot = surname_slot
JOIN letters AS one ON one.slot = first_slot
JOIN letters AS two ON two.slot = second_slot
CROSS JOIN LATERAL (
    SELECT one.letter || CASE WHEN pg_temp.draw(customer, 23) < 0.65 THEN two.letter ELSE '' END AS given_name
) AS given;
ALTER TABLE draft ADD PRIMARY KEY (n);
ANALYZE draft;

CREATE TEMP TABLE draft_keys AS
SELECT n, agent, name_key, phone
FROM draft CROSS JOIN LATERAL (VALUES (phone1), (phone2)) AS phones (phone)
WHERE phone IS NOT NULL AND fate NOT IN ('withdrawn', 'merged');

-- R2: whoever has a customer already takes the second entry back.
CREATE TEMP TABLE twins AS
SELECT DISTINCT n FROM (
    SELECT n, min(n) OVER (PARTITION BY agent, name_key, phone) AS first FROM draft_keys
) AS ranked WHERE n <> first;
UPDATE draft SET fate = 'withdrawn', first_reported_at = NULL, bound_at = NULL, protect_until = NULL
WHERE n IN (SELECT n FROM twins);
DELETE FROM draft_keys WHERE n IN (SELECT n FROM twins);

-- R4: at no instant has a key two holders. Whoever would have been bound while another was is still waiting for
-- the scan; the stories, which are told whole, stay as they are.
CREATE TEMP TABLE terms AS
SELECT k.n, name_key, phone, kind, bound_at,
       CASE fate WHEN 'rebound' THEN bound_at + interval '5 days' WHEN 'dealt' THEN 'infinity'
            ELSE protect_until END AS ended_at
FROM (SELECT n, phone FROM draft_keys) AS k JOIN draft USING (n)
WHERE bound_at IS NOT NULL;
CREATE INDEX ON terms (name_key, phone);
ANALYZE terms;
UPDATE draft SET fate = 'reported', bound_at = NULL, protect_until = NULL WHERE n IN (
    SELECT later.n FROM terms AS later JOIN terms AS other USING (name_key, phone)
    WHERE later.kind = 'plain' AND later.n <> other.n
    AND later.bound_at < other.ended_at AND other.bound_at < later.ended_at
    AND (other.kind <> 'plain' OR (other.bound_at, other.n) < (later.bound_at, later.n))
);

-- Who was bound last has the hold; an ended one that somebody else took over is gone.
CREATE TEMP TABLE takers AS
SELECT DISTINCT ON (name_key, phone) k.n, name_key, phone, draft.protect_until, draft.fate
FROM (SELECT n, phone FROM draft_keys) AS k JOIN draft USING (n)
WHERE draft.fate IN ('bound', 'dealt')
ORDER BY name_key, phone, bound_at DESC;

INSERT INTO leads (
    id, broker_id, entered_by_id, surname, given_name, name_key, phone1, phone2, person_number, status,
    expected_visit_at, customer_type_id, needs, wished_consultant_id, consultant_id, entered_at, first_reported_at,
    reported_at, bound_at, protect_until, rebound_at, withdrawn_at, code_token, short_code, merged_into_id, version
)
SELECT n, 100 + agent,
       CASE WHEN kind = 'plain' AND pg_temp.draw(n, 50) < 0.04 THEN 100 + (agent - 1) / 10 * 10 + 10
            ELSE 100 + agent END,
       surname, given_name, name_key, phone1, phone2, 0,
       CASE fate WHEN 'rebound' THEN 'expired' WHEN 'undone' THEN 'expired' WHEN 'merged' THEN 'reported'
            WHEN 'reported_again' THEN 'reported' ELSE fate END,
       CASE WHEN pg_temp.draw(n, 51) < 0.4 THEN date_trunc('hour', entered_at) + interval '2 days' END,
       CASE WHEN pg_temp.draw(n, 52) < 0.8 THEN 1 + floor(pg_temp.draw(n, 53) * 5)::int END,
       pg_temp.needs(n),
       CASE WHEN pg_temp.draw(n, 54) < 0.3 THEN pg_temp.consultant(n) END,
       CASE WHEN bound_at IS NOT NULL THEN pg_temp.consultant(n) END,
       entered_at, first_reported_at,
       CASE fate WHEN 'reported_again' THEN protect_until + interval '3 days' ELSE first_reported_at END,
       bound_at, protect_until,
       CASE fate WHEN 'rebound' THEN (SELECT target.bound_at FROM draft AS target WHERE target.n = draft.n + 1) END,
       CASE fate WHEN 'withdrawn' THEN entered_at + interval '1 minute' END,
       CASE WHEN first_reported_at IS NOT NULL THEN pg_temp.token(n) END,
       CASE WHEN first_reported_at IS NOT NULL THEN pg_temp.with_check_digit(digits) END,
       CASE fate WHEN 'merged' THEN n - 1 END, 1
-- Only of a plain column does PostgreSQL take the functions apart into one fast expression.
FROM (SELECT *, pg_temp.nine_digits(n) AS digits FROM draft OFFSET 0) AS draft
ORDER BY n;

INSERT INTO lead_keys (lead_id, broker_id, name_key, phone, person_number)
SELECT n, 100 + agent, name_key, phone, 0 FROM draft_keys ORDER BY n;

INSERT INTO holds (lead_id, name_key, phone, person_number, ends_at)
SELECT n, name_key, phone, 0, CASE WHEN fate = 'bound' THEN protect_until END FROM takers ORDER BY n;

INSERT INTO reports (lead_id, account_id, reported_at, on_behalf)
SELECT n, 100 + agent, at, false FROM (
    SELECT n, agent, first_reported_at AS at FROM draft WHERE first_reported_at IS NOT NULL
    UNION ALL
    SELECT n, agent, protect_until + interval '3 days' FROM draft WHERE fate = 'reported_again'
) AS presses ORDER BY at;
