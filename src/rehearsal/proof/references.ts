/** Rows that refer to nothing. A restore with triggers disabled leaves them, and the constraint goes on calling itself valid. */
import type { Client } from '../../postgres/connection.ts';

type Reference = { name: string; child: string; parent: string; columns: string[]; referred: string[] };

const REFERENCES = `
SELECT k.conname AS name, format('%I.%I', cn.nspname, c.relname) AS child, format('%I.%I', pn.nspname, p.relname) AS parent,
       (SELECT json_agg(quote_ident(a.attname) ORDER BY u.at) FROM unnest(k.conkey) WITH ORDINALITY u(number, at)
          JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.number) AS columns,
       (SELECT json_agg(quote_ident(a.attname) ORDER BY u.at) FROM unnest(k.confkey) WITH ORDINALITY u(number, at)
          JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.number) AS referred
  FROM pg_constraint k
  JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace cn ON cn.oid = c.relnamespace
  JOIN pg_class p ON p.oid = k.confrelid JOIN pg_namespace pn ON pn.oid = p.relnamespace
 WHERE k.contype = 'f' AND k.convalidated AND k.conparentid = 0
 ORDER BY k.conname`;

/** One sentence for each foreign key from or to these tables (`schema.name`) that does not hold. */
export async function brokenReferences(client: Client, tables: ReadonlySet<string>): Promise<string[]> {
  const plain = (quoted: string) => quoted.replaceAll('"', '');
  const { rows } = await client.query<Reference>(REFERENCES);
  const texts: string[] = [];
  for (const { name, child, parent, columns, referred } of rows) {
    if (!tables.has(plain(child)) && !tables.has(plain(parent))) continue;
    const present = columns.map((column) => `c.${column} IS NOT NULL`).join(' AND ');
    const same = columns.map((column, at) => `p.${referred[at]} = c.${column}`).join(' AND ');
    const found = await client.query(
      `SELECT FROM ${child} c WHERE ${present} AND NOT EXISTS (SELECT FROM ${parent} p WHERE ${same}) LIMIT 1`,
    );
    if (found.rowCount !== 0)
      texts.push(`constraint ${name}: rows of ${child} refer to rows that ${parent} does not have`);
  }
  return texts;
}
