-- Without its position: a child of an inherited table gets its columns in another order when it is restored. And without options
-- named pg_…, the server's own: 15.20 (November 2026) notes a version of each column as pg_attver, and pg_dump leaves it out.
SELECT
  format('%I.%I.%I', n.nspname, c.relname, a.attname) AS name,
  '' AS definition,
  concat_ws(', ',
    format_type(a.atttypid, a.atttypmod),
    CASE WHEN a.attcollation <> t.typcollation THEN format('collate %I.%I', cn.nspname, co.collname) END,
    CASE WHEN a.attnotnull THEN 'not null' END,
    CASE a.attidentity WHEN 'a' THEN 'identity always' WHEN 'd' THEN 'identity by default' END,
    CASE WHEN a.attstorage <> t.typstorage THEN 'storage ' || a.attstorage::text END,
    'compression ' || NULLIF(to_jsonb(a) ->> 'attcompression', ''),
    'statistics ' || NULLIF(NULLIF(to_jsonb(a) ->> 'attstattarget', '-1'), '0'),
    'with ' || NULLIF(array_to_string(ARRAY(SELECT o FROM unnest(a.attoptions) o WHERE o !~ '^pg_' ORDER BY 1), ', '), '')
  ) AS state
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_collation co ON co.oid = a.attcollation
LEFT JOIN pg_namespace cn ON cn.oid = co.collnamespace
WHERE a.attnum > 0 AND NOT a.attisdropped
  AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'c') AND c.relpersistence <> 't'
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
