-- Everything of a table that is not a column, constraint, index or trigger.
SELECT
  format('%I.%I', n.nspname, c.relname) AS name,
  CASE c.relkind WHEN 'p' THEN pg_get_partkeydef(c.oid) ELSE '' END AS definition,
  concat_ws(', ',
    CASE c.relkind WHEN 'p' THEN 'partitioned table' WHEN 'f' THEN 'foreign table' ELSE 'table' END,
    CASE c.relpersistence WHEN 'u' THEN 'unlogged' END,
    'partition ' || pg_get_expr(c.relpartbound, c.oid),
    'inherits ' || (
      SELECT string_agg(format('%I.%I', pn.nspname, p.relname), ', ' ORDER BY i.inhseqno)
      FROM pg_inherits i
      JOIN pg_class p ON p.oid = i.inhparent
      JOIN pg_namespace pn ON pn.oid = p.relnamespace
      WHERE i.inhrelid = c.oid),
    'of ' || CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END,
    CASE WHEN c.relrowsecurity THEN 'row security enabled' END,
    CASE WHEN c.relforcerowsecurity THEN 'row security forced' END,
    CASE c.relreplident WHEN 'n' THEN 'replica identity nothing' WHEN 'f' THEN 'replica identity full' END,
    'access method ' || NULLIF(am.amname, 'heap'),
    'server ' || s.srvname,
    'with ' || NULLIF(array_to_string(ARRAY(SELECT unnest(c.reloptions) ORDER BY 1), ', '), '')
  ) AS state
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_am am ON am.oid = c.relam
LEFT JOIN pg_foreign_table f ON f.ftrelid = c.oid
LEFT JOIN pg_foreign_server s ON s.oid = f.ftserver
WHERE c.relkind IN ('r', 'p', 'f') AND c.relpersistence <> 't'
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
