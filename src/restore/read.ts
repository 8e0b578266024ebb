/** Reads what is in a database, whatever its row security says, and compares databases with manifests. */
import { type Manifest, unstatedBy } from '../backup/manifest.ts';
import { Failure } from '../failure.ts';
import { type Client, connect, readingFailure } from '../postgres/connection.ts';
import type { Content } from '../postgres/content.ts';
import { readCatalog, readTables } from '../postgres/fingerprint.ts';
import { reprint } from '../postgres/reprint.ts';
import { type Report, silent } from '../progress.ts';
import type { Settings } from '../settings.ts';
import { compareContent, type Difference } from './proof.ts';

type Options = { report?: Report; signal?: AbortSignal | undefined };

/** Sessions that read tables side by side; each may have parallel workers of its own. */
const READERS = 2;

/**
 * Reads a restored database that nobody else uses. FORCE ROW LEVEL SECURITY would hide rows even from the owner: where we are
 * no superuser it is switched off, after it was read, in this throwaway database.
 * @throws Failure content-unreadable
 */
export async function readRestored(
  settings: Settings['postgres'],
  database: string,
  options: Options = {},
): Promise<Content> {
  const { report = silent, signal } = options;
  return await readable(settings, database, signal, async () => {
    await using stack = new AsyncDisposableStack();
    const clients: Client[] = [];
    while (clients.length < READERS) clients.push(stack.use(await connect(settings, { database, signal })));
    const [client, ...helpers] = clients;
    if (client === undefined) throw new Error('no reader');
    const catalog = await within([client], () => readCatalog(client));
    const forced = catalog.objects.table.things.filter((thing) => thing.state?.includes('row security forced'));
    for (const table of forced) await client.query(`ALTER TABLE ${table.name} NO FORCE ROW LEVEL SECURITY`);
    const tables = await within(clients, () => readTables(client, { helpers, report }));
    return { ...catalog, tables };
  });
}

/**
 * Compares any database with a manifest: content, owners, privileges and database settings. Nothing is changed.
 * @throws Failure content-unreadable, database-missing
 */
export async function compareDatabaseWithManifest(
  settings: Settings,
  database: string,
  manifest: Manifest,
  options: Options = {},
): Promise<Difference[]> {
  const { report = silent, signal } = options;
  await using client = await connect(settings.postgres, { database, signal });
  return await readable(settings.postgres, database, signal, async () => {
    const actual = await within([client], async () => ({
      ...(await readCatalog(client)),
      tables: await readTables(client, { report }),
    }));
    const printed = await reprint(client, manifest.content, actual);
    return compareContent(manifest.content, actual, { printed, without: unstatedBy(manifest) });
  });
}

/** In one snapshot per session, which is given back at the end. */
async function within<R>(clients: readonly Client[], work: () => Promise<R>): Promise<R> {
  for (const client of clients) await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  const result = await work();
  for (const client of clients) await client.query('COMMIT');
  return result;
}

async function readable<R>(
  settings: Settings['postgres'],
  database: string,
  signal: AbortSignal | undefined,
  work: () => Promise<R>,
): Promise<R> {
  try {
    return await work();
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof Failure) throw cause;
    const failure = readingFailure(settings, cause);
    if (failure instanceof Failure && failure.code === 'postgres-unreachable') throw failure;
    if (!(cause instanceof Error) || !('severity' in cause)) throw cause;
    throw new Failure('content-unreadable', { database, message: cause.message }, { cause });
  }
}
