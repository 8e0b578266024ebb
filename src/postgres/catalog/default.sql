SELECT
  format('%I.%I.%I', n.nspname, c.relname, a.attname) AS name,
  pg_get_expr(d.adbin, d.adrelid) AS definition,
  CASE to_jsonb(a) ->> 'attgenerated' WHEN 's' THEN 'generated, stored' WHEN 'v' THEN 'generated, virtual' END AS state,
  format('%I.%I', n.nspname, c.relname) AS "on"
FROM pg_attrdef d
JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
JOIN pg_class c ON c.oid = d.adrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relpersistence <> 't'
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
