SELECT
  concat_ws(' ',
    format('of %I', pg_get_userbyid(d.defaclrole)),
    'in schema ' || quote_ident(n.nspname),
    'on ' || CASE d.defaclobjtype
      WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions' WHEN 'T' THEN 'types' WHEN 'n' THEN 'schemas'
      ELSE d.defaclobjtype::text END) AS name,
  '' AS definition,
  coalesce((
    SELECT string_agg(g.who || ': ' || g.may, '; ' ORDER BY g.who COLLATE "C")
    FROM (
      SELECT x.who, string_agg(DISTINCT x.privilege, ', ' ORDER BY x.privilege) AS may
      FROM (
        SELECT
          CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE format('%I', pg_get_userbyid(a.grantee)) END AS who,
          a.privilege_type || CASE WHEN a.is_grantable THEN '*' ELSE '' END AS privilege
        FROM aclexplode(d.defaclacl) AS a
      ) AS x
      GROUP BY x.who
    ) AS g
  ), 'none') AS state
FROM pg_default_acl d
LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
