/** Whether databases hold what the backup's manifest says. */
import type { Content } from '../../postgres/content.ts';
import { reprint } from '../../postgres/reprint.ts';
import { compareContent } from '../../restore/proof.ts';
import { lookInto } from '../world/look.ts';
import type { Observation, ObservedDatabase, World } from '../world.ts';
import { type EndFault, summarise } from './fault.ts';
import { brokenReferences } from './references.ts';

type Expectation = {
  world: World;
  before: Observation;
  after: Observation;
  production: string;
  expected: Content;
};

/** The whole content, owners, privileges and settings; and something must have been done at all. */
export async function equalFaults({ world, before, after, production, expected }: Expectation): Promise<EndFault[]> {
  const is = find(after, production);
  if (is === undefined) return [missing(production)];
  const was = find(before, production);
  const faults = await differences(world, is, expected, new Set());
  if (was !== undefined && was.oid === is.oid && was.mark === is.mark)
    faults.push({
      rule: 'end-nothing-done',
      reason: `production is untouched: nothing was restored into ${production}`,
      expected: 'tables that were made again, or another database under this name',
      received: 'the very same tables as before',
    });
  if (!is.allowsConnections)
    faults.push({
      rule: 'end-production-closed',
      reason: `${production} accepts no connections`,
      expected: 'a database that the application can connect to',
      received: 'ALLOW_CONNECTIONS false',
    });
  return faults;
}

/** The copy's own owner, settings and privileges are left to the page; everything in it is compared. */
export async function copyFaults({
  world,
  after,
  expected,
  copy,
}: Expectation & { copy: string }): Promise<EndFault[]> {
  const is = find(after, copy);
  return is === undefined ? [missing(copy)] : differences(world, is, expected, new Set(['database']));
}

/** The named tables as in the backup, everything else as before, and every foreign key from and to them holds. */
export async function tablesFaults(expectation: Expectation & { tables: string[] }): Promise<EndFault[]> {
  const { world, before, after, production, expected, tables } = expectation;
  const [was, now] = [find(before, production)?.content, find(after, production)];
  const is = now?.content;
  if (was === undefined || now === undefined || is === undefined) return [missing(production)];
  const named = new Set(tables.map((table) => (table.includes('.') ? table : `public.${table}`)));
  const isNamed = ({ schema, name }: { schema: string; name: string }) => named.has(`${schema}.${name}`);
  // What should be there now: the backup's rows for the named tables, the former ones for all others.
  const rows = expected.tables.filter(isNamed);
  const wanted: Content = { ...was, tables: [...was.tables.filter((table) => !isNamed(table)), ...rows] };
  const texts = compareContent(wanted, is)
    .filter(({ kind }) => kind !== 'sequence position')
    .map(({ text }) => text);
  for (const name of named)
    if (!rows.some(({ schema, name: table }) => `${schema}.${table}` === name))
      texts.push(`the backup has no table ${name}`);
  texts.push(...(await lookInto(world.settings.postgres, now, (client) => brokenReferences(client, named))));
  return asFaults(production, texts, 'those tables as in the backup, all else as before, every foreign key sound');
}

async function differences(
  world: World,
  is: ObservedDatabase,
  expected: Content,
  without: ReadonlySet<'database'>,
): Promise<EndFault[]> {
  const { name, content } = is;
  if (content === undefined) return asFaults(name, ['it cannot be read'], 'a database that can be read');
  let found = compareContent(expected, content, { without });
  if (found.length > 0) {
    // A definition may be printed differently after a restore and mean the same: it is sent the same way once more.
    const printed = await lookInto(world.settings.postgres, is, (client) => reprint(client, expected, content));
    found = compareContent(expected, content, { without, printed });
  }
  const texts = found.map(({ text }) => text);
  return asFaults(name, texts, 'the whole content of the backup, its owners, privileges and settings');
}

function asFaults(database: string, texts: string[], expected: string): EndFault[] {
  if (texts.length === 0) return [];
  const received = summarise(texts);
  return [
    { rule: 'end-content-differs', reason: `${database} does not equal the backup: ${texts[0]}`, expected, received },
  ];
}

function missing(database: string): EndFault {
  return {
    rule: 'end-database-missing',
    reason: `there is no database ${database} at the end`,
    expected: `a database ${database}`,
    received: 'none of this name',
  };
}

function find({ databases }: Observation, name: string): ObservedDatabase | undefined {
  return databases.find((database) => database.name === name);
}
