-- Foreign data wrappers, servers, tables and columns with their options. What an option's name calls a secret is a digest.
SELECT o.name, '' AS definition, concat_ws(', ',
  o.said,
  (SELECT string_agg(
      p.option_name || ' ' || CASE
        WHEN p.option_name ~* 'pass|secret|token|key|credential'
        THEN 'digest ' || encode(sha256(convert_to(o.name || p.option_name || p.option_value, 'UTF8')), 'hex')
        ELSE quote_literal(p.option_value) END,
      ', ' ORDER BY p.option_name COLLATE "C")
   FROM pg_options_to_table(o.options) AS p)) AS state
FROM (
  SELECT 'foreign data wrapper ' || format('%I', w.fdwname), w.fdwoptions,
    concat_ws(', ',
      'handler ' || NULLIF(w.fdwhandler, 0)::regproc::text,
      'validator ' || NULLIF(w.fdwvalidator, 0)::regproc::text),
    'pg_foreign_data_wrapper'::regclass, w.oid
  FROM pg_foreign_data_wrapper w
  UNION ALL
  SELECT 'foreign server ' || format('%I', s.srvname), s.srvoptions,
    concat_ws(', ', format('wrapper %I', w.fdwname), 'type ' || quote_literal(s.srvtype), 'version ' || quote_literal(s.srvversion)),
    'pg_foreign_server'::regclass, s.oid
  FROM pg_foreign_server s
  JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw
  UNION ALL
  SELECT 'foreign table ' || format('%I.%I', n.nspname, c.relname), f.ftoptions, NULL, 'pg_class'::regclass, c.oid
  FROM pg_foreign_table f
  JOIN pg_class c ON c.oid = f.ftrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE f.ftoptions IS NOT NULL
  UNION ALL
  SELECT 'foreign column ' || format('%I.%I.%I', n.nspname, c.relname, a.attname), a.attfdwoptions, NULL, 'pg_class'::regclass, c.oid
  FROM pg_attribute a
  JOIN pg_class c ON c.oid = a.attrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE a.attfdwoptions IS NOT NULL AND NOT a.attisdropped
) AS o (name, options, said, class, oid)
WHERE NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = o.class AND e.objid = o.oid AND e.deptype = 'e')
