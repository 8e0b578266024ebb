-- The definition says which columns and rows of a table it sends, where that is not all of them; the rest is said in words.
-- Since 15 it can send all tables of a schema; a table of that version's catalogs is found by its name.
SELECT
  format('%I', p.pubname) AS name,
  coalesce((
    SELECT format('CREATE PUBLICATION %I FOR TABLE ', p.pubname) || string_agg(parts.text, ', ' ORDER BY parts.text COLLATE "C")
    FROM (
      SELECT format('ONLY %I.%I', n.nspname, c.relname) || concat(' (' || sent.columns || ')', ' WHERE (' || sent.filter || ')') AS text
      FROM pg_publication_rel r
      JOIN pg_class c ON c.oid = r.prrelid
      JOIN pg_namespace n ON n.oid = c.relnamespace
      CROSS JOIN LATERAL (
        SELECT
          (SELECT string_agg(format('%I', a.attname), ', ' ORDER BY a.attname COLLATE "C")
           FROM regexp_matches(to_jsonb(r) ->> 'prattrs', '\d+', 'g') AS m
           JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = m[1]::int) AS columns,
          (SELECT min(to_jsonb(t) ->> 'rowfilter')
           FROM pg_publication_tables t
           WHERE t.pubname = p.pubname AND t.schemaname = n.nspname AND t.tablename = c.relname) AS filter
      ) AS sent
      WHERE r.prpubid = p.oid AND (sent.columns IS NOT NULL OR sent.filter IS NOT NULL)
    ) AS parts), '') AS definition,
  concat_ws(', ',
    CASE WHEN p.puballtables THEN 'all tables' END,
    CASE WHEN p.pubinsert THEN 'insert' END,
    CASE WHEN p.pubupdate THEN 'update' END,
    CASE WHEN p.pubdelete THEN 'delete' END,
    CASE WHEN p.pubtruncate THEN 'truncate' END,
    CASE WHEN p.pubviaroot THEN 'via root' END,
    'of ' || (
      SELECT string_agg(format('%I.%I', n.nspname, c.relname), ', ' ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C")
      FROM pg_publication_rel r
      JOIN pg_class c ON c.oid = r.prrelid
      JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE r.prpubid = p.oid),
    'of schemas ' || (
      SELECT string_agg(format('%I', n.nspname), ', ' ORDER BY n.nspname COLLATE "C")
      FROM pg_depend s
      JOIN pg_depend d ON d.classid = s.classid AND d.objid = s.objid AND d.refclassid = 'pg_namespace'::regclass
      JOIN pg_namespace n ON n.oid = d.refobjid
      WHERE s.refclassid = 'pg_publication'::regclass AND s.refobjid = p.oid
        AND s.classid = to_regclass('pg_catalog.pg_publication_namespace'))) AS state
FROM pg_publication p
