-- Only what differs from the owner's usual privileges: after a restore these may be stored as NULL or in full.
WITH object (name, owner, acl, usual, class, oid) AS (
  SELECT
    CASE c.relkind WHEN 'S' THEN 'sequence ' WHEN 'v' THEN 'view ' WHEN 'm' THEN 'materialised view ' ELSE 'table ' END
      || format('%I.%I', n.nspname, c.relname),
    c.relowner, c.relacl, acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner), 'pg_class'::regclass, c.oid
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  UNION ALL
  SELECT 'column ' || format('%I.%I.%I', n.nspname, c.relname, a.attname), c.relowner, a.attacl, acldefault('c', c.relowner),
    'pg_class'::regclass, c.oid
  FROM pg_attribute a
  JOIN pg_class c ON c.oid = a.attrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE a.attacl IS NOT NULL AND NOT a.attisdropped AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  UNION ALL
  SELECT 'schema ' || format('%I', n.nspname), n.nspowner, n.nspacl, acldefault('n', n.nspowner), 'pg_namespace'::regclass, n.oid
  FROM pg_namespace n
  WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  UNION ALL
  SELECT 'function ' || format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)),
    p.proowner, p.proacl, acldefault('f', p.proowner), 'pg_proc'::regclass, p.oid
  FROM pg_proc p
  JOIN pg_namespace n ON n.oid = p.pronamespace
  WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  UNION ALL
  SELECT 'type ' || format('%I.%I', n.nspname, t.typname), t.typowner, t.typacl, acldefault('T', t.typowner), 'pg_type'::regclass, t.oid
  FROM pg_type t
  JOIN pg_namespace n ON n.oid = t.typnamespace
  WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  UNION ALL
  SELECT 'foreign server ' || format('%I', s.srvname), s.srvowner, s.srvacl, acldefault('S', s.srvowner),
    'pg_foreign_server'::regclass, s.oid
  FROM pg_foreign_server s
  UNION ALL
  SELECT 'large object ' || l.oid, l.lomowner, l.lomacl, acldefault('L', l.lomowner), 'pg_largeobject'::regclass, l.oid
  FROM pg_largeobject_metadata l
),
said (name, version, what) AS (
  SELECT o.name, v.version, coalesce(string_agg(g.who || ': ' || g.may, '; ' ORDER BY g.who COLLATE "C"), 'none')
  FROM object o
  CROSS JOIN LATERAL (VALUES ('now', o.acl), ('usual', o.usual)) AS v (version, acl)
  LEFT JOIN LATERAL (
    {{grants of aclexplode(v.acl)}}
  ) AS g ON true
  WHERE o.acl IS NOT NULL
    AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = o.class AND e.objid = o.oid AND e.deptype = 'e')
  GROUP BY o.name, v.version
)
SELECT a.name, '' AS definition, a.what AS state
FROM said a
JOIN said b USING (name)
WHERE a.version = 'now' AND b.version = 'usual' AND a.what <> b.what
