/**
 * Sends definitions through a server and reads them back. PostgreSQL prints what it has parsed, and parsing its own text
 * once more can print differently: `CHECK (status IN ('new'))` on a varchar reads `ARRAY[…]::text[]` in the database it was
 * made in and `ARRAY[(…)::text]` in one restored from its dump. A definition that went the same way compares equal.
 *
 * Everything happens on empty scratch copies in pg_temp, within a transaction that is rolled back.
 */
import type { ClientBase } from 'pg';
import type { Content, Kind, Thing } from './content.ts';
import { pinSession } from './fingerprint.ts';
import { readKind } from './objects.ts';

/** Definitions as the server at hand prints them, by `keyOf`. What it does not accept is missing. */
export type Printed = ReadonlyMap<string, string>;

export function keyOf(kind: Kind, name: string): string {
  return `${kind} ${name}`;
}

/** Reprints each definition of `expected` whose text differs in `actual`, the content of the client's database. */
export async function reprint(client: ClientBase, expected: Content, actual: Content): Promise<Printed> {
  const printed = new Map<string, string>();
  const differing = differingDefinitions(expected, actual);
  if (differing.length === 0) return printed;
  await client.query('BEGIN READ WRITE');
  try {
    await pinSession(client);
    // Nobody is kept waiting for us, and bodies of functions may name things that only their own search_path finds.
    await client.query("SET LOCAL lock_timeout = '5s'; SET LOCAL check_function_bodies = off");
    const views = new Set(actual.objects.view.things.map((view) => view.name));
    for (const [kind, thing] of differing) {
      const text = await attempt(client, () => PRINTERS[kind]?.(client, thing, views.has(thing.on ?? '')));
      if (text !== undefined) printed.set(keyOf(kind, thing.name), text);
    }
    return printed;
  } finally {
    await client.query('ROLLBACK');
  }
}

function differingDefinitions(expected: Content, actual: Content): [Kind, Thing][] {
  // Object.entries forgets the type of the keys.
  return (Object.entries(expected.objects) as [Kind, Content['objects'][Kind]][]).flatMap(([kind, { things }]) => {
    const present = new Map(actual.objects[kind].things.map((thing) => [thing.name, thing.definition]));
    return things
      .filter((thing) => present.has(thing.name) && present.get(thing.name) !== thing.definition)
      .map((thing): [Kind, Thing] => [kind, thing]);
  });
}

/** A definition that this server does not accept stays as it was printed elsewhere: then it is compared as text. */
async function attempt(
  client: ClientBase,
  print: () => Promise<string | undefined> | undefined,
): Promise<string | undefined> {
  await client.query('SAVEPOINT reprint');
  try {
    return await print();
  } catch (error) {
    if (error instanceof Error && 'severity' in error && error.severity === 'ERROR') return undefined;
    throw error;
  } finally {
    await client.query('ROLLBACK TO SAVEPOINT reprint');
  }
}

type Printer = (client: ClientBase, thing: Thing, onView: boolean) => Promise<string | undefined>;

const PRINTERS: Partial<Record<Kind, Printer>> = {
  async table(client, { name, definition }) {
    const copy = `pg_temp.${bare(name)}`;
    await client.query(`CREATE TEMP TABLE ${bare(name)} (LIKE ${name}) PARTITION BY ${definition}`);
    return single(client, 'SELECT pg_get_partkeydef($1::regclass)', copy);
  },

  async default(client, { name, definition, state, on = '' }) {
    const copy = await scratch(client, on, false);
    const column = name.slice(on.length + 1);
    if (state?.startsWith('generated')) {
      const type = await single(
        client,
        "SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = $1::regclass AND format('%I', attname) = $2",
        on,
        column,
      );
      await client.query(`ALTER TABLE ${copy} ADD drillbook_probe ${type} GENERATED ALWAYS AS (${definition}) STORED`);
    } else {
      await client.query(`ALTER TABLE ${copy} ALTER ${column} SET DEFAULT ${definition}`);
    }
    return single(client, 'SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = $1::regclass', copy);
  },

  async constraint(client, { name, definition, on = '' }) {
    if (name.includes(' on domain ')) {
      await client.query(`CREATE DOMAIN pg_temp.drillbook_domain AS ${on} CONSTRAINT drillbook_probe ${definition}`);
    } else {
      const copy = await scratch(client, on, false);
      await client.query(`ALTER TABLE ${copy} ADD CONSTRAINT drillbook_probe ${definition}`);
    }
    return single(client, "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'drillbook_probe'");
  },

  async index(client, { definition, on = '' }) {
    const copy = await scratch(client, on, false);
    const only = definition.includes(` ON ONLY ${on} USING `) ? 'ONLY ' : '';
    await client.query(definition.replace(` ON ${only}${on} USING `, () => ` ON ${copy} USING `));
    const text = await single(
      client,
      'SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = $1::regclass',
      copy,
    );
    return text?.replace(temporary(' ON ', on), () => ` ON ${only}${on}`);
  },

  view: printView,
  'materialised view': printView,

  async function(client, { name, definition }) {
    await client.query(definition);
    return (await readKind(client, 'function')).find((made) => made.name === name)?.definition;
  },

  async trigger(client, { definition, on = '' }, onView) {
    const copy = await scratch(client, on, onView);
    await client.query(definition.replace(` ON ${on} `, () => ` ON ${copy} `));
    const text = await single(
      client,
      'SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = $1::regclass',
      copy,
    );
    return text?.replace(temporary(' ON ', on), () => ` ON ${on}`);
  },

  async rule(client, { definition, on = '' }, onView) {
    const copy = await scratch(client, on, onView);
    await client.query(definition.replace(` TO ${on}`, () => ` TO ${copy}`));
    const text = await single(
      client,
      "SELECT pg_get_ruledef(oid) FROM pg_rewrite WHERE ev_class = $1::regclass AND rulename <> '_RETURN'",
      copy,
    );
    return text?.replace(temporary(' TO ', on), () => ` TO ${on}`);
  },

  async policy(client, { definition, state = '', on = '' }) {
    const copy = await scratch(client, on, false);
    const command = /, for (\w+),/.exec(state)?.[1] ?? 'all';
    await client.query(`CREATE POLICY drillbook_probe ON ${copy} FOR ${command} ${definition}`);
    return single(
      client,
      `SELECT concat_ws(' ',
         'USING (' || pg_get_expr(polqual, polrelid) || ')', 'WITH CHECK (' || pg_get_expr(polwithcheck, polrelid) || ')')
       FROM pg_policy WHERE polrelid = $1::regclass`,
      copy,
    );
  },

  async statistics(client, { name, definition }) {
    await client.query(`DROP STATISTICS ${name}; ${definition}`);
    return (await readKind(client, 'statistics')).find((made) => made.name === name)?.definition;
  },

  async publication(client, { name, definition }) {
    await client.query(`DROP PUBLICATION ${name}; ${definition}`);
    return (await readKind(client, 'publication')).find((made) => made.name === name)?.definition;
  },
};

async function printView(client: ClientBase, { definition }: Thing): Promise<string | undefined> {
  await client.query(`CREATE TEMP VIEW drillbook_probe AS ${definition}`);
  return single(client, "SELECT pg_get_viewdef('pg_temp.drillbook_probe'::regclass)");
}

/** An empty copy of a relation under its own name, which expressions may be written with; returns what to call it. */
async function scratch(client: ClientBase, relation: string, view: boolean): Promise<string> {
  const name = bare(relation);
  await client.query(
    view ? `CREATE TEMP VIEW ${name} AS SELECT * FROM ${relation}` : `CREATE TEMP TABLE ${name} (LIKE ${relation})`,
  );
  return `pg_temp.${name}`;
}

/** `"My Schema"."T"` → `"T"`. */
function bare(relation: string): string {
  return relation.replace(/^(?:"(?:[^"]|"")+"|[^".]+)\./, '');
}

/** Finds the scratch copy of a relation as the server names it. */
function temporary(before: string, relation: string): RegExp {
  return new RegExp(`${before}pg_temp(?:_\\d+)?\\.${bare(relation).replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`);
}

async function single(client: ClientBase, query: string, ...values: string[]): Promise<string | undefined> {
  const { rows } = await client.query<[string | null]>({ text: query, values, rowMode: 'array' });
  return rows[0]?.[0] ?? undefined;
}
