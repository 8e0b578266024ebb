-- Only what differs from a language's first privileges, and not the owner's own. Languages of extensions, plpgsql too: a dump
-- holds what was changed of their privileges.
WITH said (name, version, what) AS (
  SELECT format('language %I', l.lanname), v.version, coalesce(string_agg(g.who || ': ' || g.may, '; ' ORDER BY g.who COLLATE "C"), 'none')
  FROM pg_language l
  LEFT JOIN pg_init_privs i ON i.classoid = 'pg_language'::regclass AND i.objoid = l.oid
  CROSS JOIN LATERAL (VALUES
    ('now', coalesce(l.lanacl, acldefault('l', l.lanowner))),
    ('usual', coalesce(i.initprivs, acldefault('l', l.lanowner)))) AS v (version, acl)
  LEFT JOIN LATERAL (
    {{grants of (SELECT * FROM aclexplode(v.acl) AS i WHERE i.grantee <> l.lanowner)}}
  ) AS g ON true
  WHERE l.lanispl
  GROUP BY l.lanname, v.version
)
SELECT a.name, '' AS definition, a.what AS state
FROM said a
JOIN said b USING (name)
WHERE a.version = 'now' AND b.version = 'usual' AND a.what <> b.what
