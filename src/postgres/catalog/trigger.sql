-- On a partition, the copies that PostgreSQL makes of a parent's trigger are named; their definition is the parent's.
SELECT
  format('%I on %I.%I', t.tgname, n.nspname, c.relname) AS name,
  CASE WHEN to_jsonb(t) ->> 'tgparentid' <> '0' THEN '' ELSE pg_get_triggerdef(t.oid) END AS definition,
  CASE t.tgenabled WHEN 'O' THEN 'enabled' WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'enabled on replicas' ELSE 'enabled always' END AS state,
  format('%I.%I', n.nspname, c.relname) AS "on"
FROM pg_trigger t
JOIN pg_class c ON c.oid = t.tgrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT t.tgisinternal
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_trigger'::regclass AND e.objid = t.oid AND e.deptype = 'e')
