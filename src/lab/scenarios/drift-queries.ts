/** What the catalog is asked when a database is changed without knowing its schema. */

const ours = `n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
   AND NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = 'pg_class'::regclass AND x.objid = c.oid AND x.deptype = 'e')`;

/** Tables with rows of their own, those that nothing refers to first. */
export const TABLES = `
SELECT c.oid::int AS oid, format('%I.%I', n.nspname, c.relname) AS name
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND ${ours}
 ORDER BY (SELECT count(*) FROM pg_constraint f WHERE f.contype = 'f' AND f.confrelid = c.oid), 2`;

/** Columns that can be written. bound: part of a key or of a constraint between rows; serial: has a number of its own. */
export const COLUMNS = `
SELECT quote_ident(a.attname) AS name, t.typcategory AS category, t.typname AS type,
       a.attidentity <> '' OR coalesce(pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%', false) AS serial,
       EXISTS (SELECT FROM pg_constraint k
                WHERE k.contype IN ('p', 'u', 'f', 'x')
                  AND (k.conrelid = a.attrelid AND a.attnum = ANY (k.conkey)
                    OR k.confrelid = a.attrelid AND a.attnum = ANY (k.confkey))) AS bound,
       EXISTS (SELECT FROM pg_index i
                WHERE i.indrelid = a.attrelid AND (i.indisunique OR i.indisexclusion)
                  AND a.attnum = ANY (i.indkey::int2[])) AS "unique"
  FROM pg_attribute a
  JOIN pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
 ORDER BY a.attnum`;

/** Primary keys, of the tables that are referred to most first. */
export const KEYS = `
SELECT format('%I.%I', n.nspname, c.relname) AS table, quote_ident(n.nspname) AS schema,
       json_agg(quote_ident(a.attname) ORDER BY u.at) AS columns,
       json_agg(format_type(a.atttypid, a.atttypmod) ORDER BY u.at) AS types
  FROM pg_constraint k
  JOIN pg_class c ON c.oid = k.conrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  CROSS JOIN unnest(k.conkey) WITH ORDINALITY u(attnum, at)
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = u.attnum
 WHERE k.contype = 'p' AND NOT c.relispartition AND ${ours}
 GROUP BY c.oid, n.nspname, c.relname
 ORDER BY (SELECT count(*) FROM pg_constraint f WHERE f.contype = 'f' AND f.confrelid = c.oid) DESC, 1`;

export const VIEWS = `
SELECT CASE c.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END AS kind, format('%I.%I', n.nspname, c.relname) AS name
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('v', 'm') AND ${ours}
 ORDER BY c.relkind DESC, 2`;

/** Each with the value to set: a thousand further in its own direction. */
export const SEQUENCES = `
SELECT format('%I.%I', n.nspname, c.relname) AS name,
       (coalesce(pg_sequence_last_value(c.oid), s.seqstart) + 1000 * s.seqincrement)::text AS next
  FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relpersistence = 'p' AND ${ours}
 ORDER BY 1`;
