SELECT
  format('%I.%I', n.nspname, c.relname) AS name,
  pg_get_indexdef(i.indexrelid) AS definition,
  concat_ws(', ',
    CASE WHEN i.indisvalid AND i.indisready THEN 'valid' ELSE 'not valid' END,
    CASE WHEN i.indisclustered THEN 'clustered' END,
    CASE WHEN i.indisreplident THEN 'replica identity' END,
    CASE WHEN EXISTS (SELECT FROM pg_inherits p WHERE p.inhrelid = c.oid) THEN 'attached' END
  ) AS state,
  format('%I.%I', n.nspname, t.relname) AS "on"
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_class t ON t.oid = i.indrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE t.relpersistence <> 't'
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = t.oid AND e.deptype = 'e')
