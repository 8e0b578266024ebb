-- Procedures and window functions too. pg_get_functiondef refuses aggregates: theirs is said in words.
SELECT
  format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) AS name,
  CASE WHEN p.prokind = 'a' THEN '' ELSE pg_get_functiondef(p.oid) END AS definition,
  CASE WHEN p.prokind = 'a' THEN concat_ws(', ',
    'aggregate returning ' || pg_get_function_result(p.oid),
    'transition ' || a.aggtransfn::text || ' on ' || format_type(a.aggtranstype, NULL),
    'final ' || NULLIF(a.aggfinalfn::text, '-'),
    'combine ' || NULLIF(a.aggcombinefn::text, '-'),
    'moving ' || NULLIF(a.aggmtransfn::text, '-'),
    'initial ' || a.agginitval,
    'parallel ' || p.proparallel::text) END AS state
FROM pg_proc p
JOIN pg_namespace n ON n.oid = p.pronamespace
LEFT JOIN pg_aggregate a ON a.aggfnoid = p.oid
WHERE p.oid >= 16384
  -- The constructors of a range or multirange type belong to the type.
  AND NOT EXISTS (
    SELECT FROM pg_depend i
    WHERE i.classid = 'pg_proc'::regclass AND i.objid = p.oid AND i.refclassid = 'pg_type'::regclass AND i.deptype = 'i')
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid AND e.deptype = 'e')
