SELECT
  format('%I', t.evtname) AS name,
  '' AS definition,
  concat_ws(', ', 'on ' || t.evtevent, 'calls ' || t.evtfoid::regproc::text,
    'for ' || array_to_string(t.evttags, ', '),
    CASE t.evtenabled WHEN 'O' THEN 'enabled' WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'enabled on replicas' ELSE 'enabled always' END) AS state
FROM pg_event_trigger t
WHERE NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_event_trigger'::regclass AND e.objid = t.oid AND e.deptype = 'e')
