-- The options hold passwords: their names are said, their values only as a digest. Who may not see them sees none, which is
-- told apart from there being none, by the rule of the view pg_user_mappings.
SELECT
  format('%s on %I', CASE u.umuser WHEN 0 THEN 'public' ELSE quote_ident(u.usename) END, u.srvname) AS name,
  '' AS definition,
  CASE
    WHEN u.umoptions IS NOT NULL THEN (
      SELECT string_agg(p.option_name, ', ' ORDER BY p.option_name COLLATE "C") || ', digest ' || encode(sha256(convert_to(
        string_agg(concat_ws(' ', u.srvname, p.option_name, quote_literal(p.option_value)), ', ' ORDER BY p.option_name COLLATE "C"),
        'UTF8')), 'hex')
      FROM pg_options_to_table(u.umoptions) AS p)
    WHEN (SELECT r.rolsuper FROM pg_roles r WHERE r.rolname = current_user)
      OR u.umuser = 0 AND pg_has_role(s.srvowner, 'USAGE')
      OR u.umuser <> 0 AND u.usename = current_user
        AND (pg_has_role(s.srvowner, 'USAGE') OR has_server_privilege(s.oid, 'USAGE'))
    THEN 'no options'
    ELSE 'options hidden' END AS state
FROM pg_user_mappings u
JOIN pg_foreign_server s ON s.oid = u.srvid
