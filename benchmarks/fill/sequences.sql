-- The next number of every table comes after those that were written.
DO $$
DECLARE
    one record;
BEGIN
    FOR one IN
        SELECT tables.relname AS table_name, attname AS column_name, sequences.oid::regclass AS sequence
        FROM pg_depend
        JOIN pg_class AS sequences ON sequences.oid = objid AND sequences.relkind = 'S'
        JOIN pg_class AS tables ON tables.oid = refobjid
        JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid
        WHERE deptype IN ('a', 'i')
    LOOP
        EXECUTE format('SELECT setval(%L, coalesce(max(%I), 0) + 1, false) FROM %I',
                       one.sequence, one.column_name, one.table_name);
    END LOOP;
END $$
