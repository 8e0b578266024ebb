SELECT
  format('%I.%I', n.nspname, s.stxname) AS name,
  pg_get_statisticsobjdef(s.oid) AS definition,
  'target ' || NULLIF(NULLIF(to_jsonb(s) ->> 'stxstattarget', '-1'), '0') AS state
FROM pg_statistic_ext s
JOIN pg_namespace n ON n.oid = s.stxnamespace
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_statistic_ext'::regclass AND e.objid = s.oid AND e.deptype = 'e')
