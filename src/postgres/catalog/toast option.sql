-- Storage options of the table that holds a table's long values: WITH (toast.autovacuum_enabled = false).
SELECT
  format('%I.%I', n.nspname, c.relname) AS name,
  '' AS definition,
  array_to_string(ARRAY(SELECT unnest(t.reloptions) ORDER BY 1), ', ') AS state,
  format('%I.%I', n.nspname, c.relname) AS "on"
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_class t ON t.oid = c.reltoastrelid
WHERE t.reloptions IS NOT NULL AND c.relpersistence <> 't'
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
