SELECT
  format('%I.%I', n.nspname, c.relname) AS name,
  pg_get_viewdef(c.oid) AS definition,
  concat_ws(', ',
    CASE WHEN c.relispopulated THEN 'populated' ELSE 'not populated' END,
    NULLIF(array_to_string(ARRAY(SELECT unnest(c.reloptions) ORDER BY 1), ', '), '')) AS state
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'm'
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
