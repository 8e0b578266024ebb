SELECT i.type || ' ' || i.identity AS name, '' AS definition, d.description AS state
FROM pg_description d
CROSS JOIN LATERAL pg_identify_object(d.classoid, d.objoid, d.objsubid) AS i
WHERE i.identity IS NOT NULL
  AND (d.objoid >= 16384 OR d.classoid = 'pg_largeobject'::regclass)
  AND i.schema IS DISTINCT FROM 'pg_toast' AND i.schema IS DISTINCT FROM 'information_schema'
  AND NOT EXISTS (
    SELECT FROM pg_depend e WHERE e.classid = d.classoid AND e.objid = d.objoid AND e.deptype = 'e')
