-- Configurations with the dictionaries that each kind of word goes through, in their order; and the dictionaries.
SELECT o.name, '' AS definition, o.said AS state
FROM (
  SELECT format('configuration %I.%I', n.nspname, c.cfgname), format('parser %I.%I', pn.nspname, p.prsname), n.nspname,
    'pg_ts_config'::regclass, c.oid
  FROM pg_ts_config c
  JOIN pg_namespace n ON n.oid = c.cfgnamespace
  JOIN pg_ts_parser p ON p.oid = c.cfgparser
  JOIN pg_namespace pn ON pn.oid = p.prsnamespace
  UNION ALL
  SELECT format('configuration %I.%I for %s', n.nspname, c.cfgname, t.alias),
    string_agg(format('%I.%I', dn.nspname, d.dictname), ', ' ORDER BY m.mapseqno), n.nspname, 'pg_ts_config'::regclass, c.oid
  FROM pg_ts_config c
  JOIN pg_namespace n ON n.oid = c.cfgnamespace
  JOIN pg_ts_config_map m ON m.mapcfg = c.oid
  JOIN pg_ts_dict d ON d.oid = m.mapdict
  JOIN pg_namespace dn ON dn.oid = d.dictnamespace
  JOIN LATERAL ts_token_type(c.cfgparser) AS t ON t.tokid = m.maptokentype
  GROUP BY n.nspname, c.cfgname, t.alias, c.oid
  UNION ALL
  SELECT format('dictionary %I.%I', n.nspname, d.dictname),
    concat_ws(', ', format('template %I.%I', tn.nspname, t.tmplname), d.dictinitoption), n.nspname, 'pg_ts_dict'::regclass, d.oid
  FROM pg_ts_dict d
  JOIN pg_namespace n ON n.oid = d.dictnamespace
  JOIN pg_ts_template t ON t.oid = d.dicttemplate
  JOIN pg_namespace tn ON tn.oid = t.tmplnamespace
) AS o (name, said, schema, class, oid)
WHERE o.schema !~ '^pg_' AND o.schema <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = o.class AND e.objid = o.oid AND e.deptype = 'e')
