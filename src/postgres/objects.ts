/** Reads every kind of object from the catalogs, with the queries in catalog/. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ClientBase } from 'pg';
import { type Content, KINDS, type Kind, type Thing } from './content.ts';
import { withGrants } from './grants.ts';

type Row = { name: string; definition: string; state?: string | null; on?: string | null };

const QUERIES = new Map<Kind, string>(
  KINDS.map((kind) => [kind, withGrants(readFileSync(new URL(`./catalog/${kind}.sql`, import.meta.url), 'utf8'))]),
);

/** Every object of every kind, each kind sorted by name. Needs the session of `pinSession`. */
export async function readObjects(client: ClientBase): Promise<Content['objects']> {
  const kinds: [Kind, Content['objects'][Kind]][] = [];
  for (const kind of KINDS) {
    const things = await readKind(client, kind);
    kinds.push([kind, { count: things.length, digest: digestOf(things), things }]);
  }
  // Every kind was read, which the type of fromEntries cannot say.
  return Object.fromEntries(kinds) as Content['objects'];
}

/** Every object of one kind, sorted by name. */
export async function readKind(client: ClientBase, kind: Kind): Promise<Thing[]> {
  const { rows } = await client.query<Row>(QUERIES.get(kind) ?? '');
  return rows
    .map(({ name, definition, state, on }) => ({
      name,
      definition,
      ...(state ? { state } : {}),
      ...(on ? { on } : {}),
    }))
    .sort(byName);
}

function digestOf(things: Thing[]): string {
  return createHash('sha256').update(JSON.stringify(things)).digest('hex');
}

/** By code unit, so that no locale decides; two of one name (cannot be, but) by definition. */
function byName(a: Thing, b: Thing): number {
  const [left, right] = [`${a.name}\0${a.definition}`, `${b.name}\0${b.definition}`];
  return left < right ? -1 : left > right ? 1 : 0;
}
