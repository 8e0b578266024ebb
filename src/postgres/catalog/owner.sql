-- Large objects may be many: they are counted by owner.
SELECT o.name, '' AS definition, pg_get_userbyid(o.owner)::text AS state
FROM (
  SELECT
    CASE c.relkind WHEN 'S' THEN 'sequence ' WHEN 'v' THEN 'view ' WHEN 'm' THEN 'materialised view ' ELSE 'table ' END
      || format('%I.%I', n.nspname, c.relname), c.relowner, 'pg_class'::regclass, c.oid
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  UNION ALL
  SELECT 'schema ' || format('%I', n.nspname), n.nspowner, 'pg_namespace'::regclass, n.oid
  FROM pg_namespace n
  WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  UNION ALL
  SELECT 'function ' || format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)), p.proowner,
    'pg_proc'::regclass, p.oid
  FROM pg_proc p
  JOIN pg_namespace n ON n.oid = p.pronamespace
  WHERE p.oid >= 16384 AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (
      SELECT FROM pg_depend i
      WHERE i.classid = 'pg_proc'::regclass AND i.objid = p.oid AND i.refclassid = 'pg_type'::regclass AND i.deptype = 'i')
  UNION ALL
  SELECT 'type ' || format('%I.%I', n.nspname, t.typname), t.typowner, 'pg_type'::regclass, t.oid
  FROM pg_type t
  JOIN pg_namespace n ON n.oid = t.typnamespace
  LEFT JOIN pg_class c ON c.oid = t.typrelid
  WHERE t.typtype IN ('e', 'd', 'r', 'c', 'b') AND (t.typtype <> 'c' OR c.relkind = 'c')
    AND NOT (t.typtype = 'b' AND t.typcategory = 'A') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  UNION ALL
  SELECT 'publication ' || format('%I', p.pubname), p.pubowner, 'pg_publication'::regclass, p.oid
  FROM pg_publication p
  UNION ALL
  SELECT 'foreign server ' || format('%I', s.srvname), s.srvowner, 'pg_foreign_server'::regclass, s.oid
  FROM pg_foreign_server s
) AS o (name, owner, class, oid)
WHERE NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = o.class AND e.objid = o.oid AND e.deptype = 'e')
UNION ALL
SELECT 'large objects of ' || format('%I', pg_get_userbyid(l.lomowner)), '', count(*)::text
FROM pg_largeobject_metadata l
GROUP BY l.lomowner
