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
      {{grants of aclexplode(d.defaclacl)}}
    ) AS g
  ), 'none') AS state
FROM pg_default_acl d
LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
