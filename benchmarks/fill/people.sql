-- 200 brokerages with ten agents each, the tenth of whom is a resident; 20 consultants, 6 at the gate, 20 in the
-- back office. Everybody of the staff has the same password, so that the benchmark can sign in as anybody.

INSERT INTO brokerages (id, name, contact, phone, address, version)
SELECT n, (ARRAY['安家','百川','恒信','中原','锦程','华宇','鸿运','远景'])[1 + n % 8] || '置业第' || n || '分店', '店长', '', '', 1
FROM generate_series(1, 200) AS n;

INSERT INTO accounts (
    id, role, name, nickname, phone, login, password_hash, must_change_password, session_generation, totp_step,
    employee_number, brokerage_id, approval, rejection_reason, profile_completed_at, created_at, version
)
SELECT n, role, surname || (ARRAY['敏','强','静','磊','洋','杰','娟','涛','超','霞'])[1 + n % 10], '',
       '136' || lpad(n::text, 8, '0'), role || '-' || n, (SELECT password_hash FROM clock), false, 1, 0,
       'S' || lpad(n::text, 4, '0'), NULL, 'not_needed', '', began_at, began_at, 1
FROM (
    SELECT n, CASE WHEN n = 1 THEN 'admin' WHEN n <= 4 THEN 'director' WHEN n <= 20 THEN 'secretary'
                   WHEN n <= 26 THEN 'gate' WHEN n > 30 THEN 'consultant' END AS role
    FROM generate_series(1, 50) AS n
) AS staff
JOIN surnames ON slot = n * 17
CROSS JOIN clock
WHERE role IS NOT NULL;

INSERT INTO accounts (
    id, role, name, nickname, phone, must_change_password, session_generation, totp_step, employee_number,
    brokerage_id, approval, rejection_reason, profile_completed_at, created_at, version
)
SELECT 100 + n, CASE WHEN n % 10 = 0 THEN 'resident' ELSE 'broker' END,
       surname || first.letter || CASE WHEN n % 3 > 0 THEN second.letter ELSE '' END, '',
       '135' || lpad(n::text, 8, '0'), false, 1, 0, 'B' || lpad(n::text, 5, '0'), (n - 1) / 10 + 1,
       CASE WHEN n % 10 = 0 THEN 'approved' ELSE 'not_needed' END, '', began_at, began_at, 1
FROM generate_series(1, 2000) AS n
JOIN surnames ON surnames.slot = floor(pg_temp.draw(n, 101) * (SELECT count(*) FROM surnames))
JOIN letters AS first ON first.slot = floor(power(pg_temp.draw(n, 102), 1.6) * (SELECT count(*) FROM letters))
JOIN letters AS second ON second.slot = floor(power(pg_temp.draw(n, 103), 1.6) * (SELECT count(*) FROM letters))
CROSS JOIN clock;

INSERT INTO customer_types (id, name, name_key, position, version)
SELECT n, name, name, n, 1
FROM unnest(ARRAY['临街商铺', '写字楼', '住宅', '公寓', '车位']) WITH ORDINALITY AS t (name, n);

UPDATE settings SET protection_days = 60;
