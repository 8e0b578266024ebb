SELECT
  format('%I', p.pubname) AS name,
  '' AS definition,
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
      WHERE r.prpubid = p.oid)) AS state
FROM pg_publication p
