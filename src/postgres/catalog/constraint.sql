-- NOT NULL is said of the column (majors from 18 on also list it here); constraint triggers are triggers.
SELECT
  CASE WHEN k.contypid <> 0
    THEN format('%I on domain %s', k.conname, format_type(k.contypid, NULL))
    ELSE format('%I on %I.%I', k.conname, n.nspname, c.relname) END AS name,
  pg_get_constraintdef(k.oid) AS definition,
  CASE k.contype
    WHEN 'c' THEN 'check' WHEN 'x' THEN 'exclusion' WHEN 'f' THEN 'foreign key'
    WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique' ELSE k.contype::text END
    || CASE WHEN k.convalidated THEN ', validated' ELSE ', not validated' END AS state,
  CASE WHEN k.contypid <> 0 THEN format_type(t.typbasetype, t.typtypmod)
    ELSE format('%I.%I', n.nspname, c.relname) END AS "on"
FROM pg_constraint k
JOIN pg_namespace n ON n.oid = k.connamespace
LEFT JOIN pg_class c ON c.oid = k.conrelid
LEFT JOIN pg_type t ON t.oid = k.contypid
WHERE k.contype NOT IN ('n', 't') AND (c.relpersistence IS NULL OR c.relpersistence <> 't')
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (
    SELECT FROM pg_depend e
    WHERE e.deptype = 'e'
      AND (e.classid, e.objid) IN (('pg_class'::regclass, k.conrelid), ('pg_type'::regclass, k.contypid)))
