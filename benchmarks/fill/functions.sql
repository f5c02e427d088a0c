-- What is drawn of a number: always the same. `what` tells the draws of one number apart.

CREATE FUNCTION pg_temp.draw(n bigint, what int) RETURNS float8 LANGUAGE sql IMMUTABLE AS
$$ SELECT (hashint8extended(n, what) & 2147483647)::float8 / 2147483648 $$;

-- Some brokers bring ten times as many customers as others.
CREATE FUNCTION pg_temp.agent(n bigint) RETURNS int LANGUAGE sql IMMUTABLE AS
$$ SELECT floor(2000 * power(pg_temp.draw(n, 3), 1.3))::int $$;

CREATE FUNCTION pg_temp.consultant(n bigint) RETURNS int LANGUAGE sql IMMUTABLE AS
$$ SELECT 31 + floor(pg_temp.draw(n, 55) * 20)::int $$;

CREATE FUNCTION pg_temp.phone(n bigint, what int) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT '1' || 3 + floor(pg_temp.draw(n, what) * 7)::int || floor(pg_temp.draw(n, what + 1) * 10)::int
       || lpad(floor(pg_temp.draw(n, what + 2) * 10000)::text, 4, '0') $$;

CREATE FUNCTION pg_temp.needs(n bigint) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE WHEN pg_temp.draw(n, 56) < 0.6
       THEN '想看临街的，预算' || 80 + floor(pg_temp.draw(n, 57) * 400)::int || '万左右' ELSE '' END $$;

CREATE FUNCTION pg_temp.hashed(what text) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT encode(sha256(convert_to(what, 'UTF8')), 'hex') $$;

CREATE FUNCTION pg_temp.token(n bigint) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT substr(translate(encode(sha256(convert_to('code ' || n, 'UTF8')), 'base64'), '+/', '-_'), 1, 24) $$;

-- Nine digits that no other number has, and their Luhn check digit.
CREATE FUNCTION pg_temp.nine_digits(n bigint) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT lpad((n * 387420489 % 999999937)::text, 9, '0') $$;

CREATE FUNCTION pg_temp.doubled(d text) RETURNS int LANGUAGE sql IMMUTABLE AS
$$ SELECT translate(d, '0123456789', '0246813579')::int $$;

CREATE FUNCTION pg_temp.with_check_digit(d text) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT d || (1000 - pg_temp.doubled(substr(d, 1, 1)) - substr(d, 2, 1)::int - pg_temp.doubled(substr(d, 3, 1))
       - substr(d, 4, 1)::int - pg_temp.doubled(substr(d, 5, 1)) - substr(d, 6, 1)::int
       - pg_temp.doubled(substr(d, 7, 1)) - substr(d, 8, 1)::int - pg_temp.doubled(substr(d, 9, 1))) % 10 $$;

CREATE FUNCTION pg_temp.salt(n bigint) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT md5('salt ' || n) || md5('more ' || n) $$;
