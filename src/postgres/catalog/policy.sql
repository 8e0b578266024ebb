-- The definition is the end of a CREATE POLICY; roles and kind are said in words.
SELECT
  format('%I on %I.%I', p.polname, n.nspname, c.relname) AS name,
  concat_ws(' ',
    'USING (' || pg_get_expr(p.polqual, p.polrelid) || ')',
    'WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')') AS definition,
  concat_ws(', ',
    CASE WHEN p.polpermissive THEN 'permissive' ELSE 'restrictive' END,
    'for ' || CASE p.polcmd WHEN 'r' THEN 'select' WHEN 'a' THEN 'insert' WHEN 'w' THEN 'update' WHEN 'd' THEN 'delete' ELSE 'all' END,
    'to ' || (
      SELECT string_agg(CASE role WHEN 0 THEN 'public' ELSE format('%I', pg_get_userbyid(role)) END, ', '
        ORDER BY CASE role WHEN 0 THEN '' ELSE pg_get_userbyid(role)::text END COLLATE "C")
      FROM unnest(p.polroles) AS role)) AS state,
  format('%I.%I', n.nspname, c.relname) AS "on"
FROM pg_policy p
JOIN pg_class c ON c.oid = p.polrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
