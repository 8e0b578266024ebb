/** The throwaway database of a drill: its name, and its life from before the restore until it is gone again. */
import { randomBytes } from 'node:crypto';
import { Failure } from '../failure.ts';
import type { Client } from '../postgres/connection.ts';
import type { Content } from '../postgres/content.ts';
import type { Report } from '../progress.ts';
import type { Settings } from '../settings.ts';
import { administer, commentOnDatabase, createDatabase, databaseOid, dropDatabase, LONGEST_NAME } from './database.ts';
import type { WorkingFolder } from './folder.ts';
import { holdTestDatabase, serverIdentity } from './leftovers.ts';
import { commentOf, ourselves, workingWith } from './mark.ts';

export type TestDatabase = {
  settings: Settings;
  name: string;
  /** The backup, for whoever finds the database. */
  backup: string;
  /** Whose encoding and locale it gets, where a manifest tells. */
  like: Content['database'] | undefined;
  /** A session in the maintenance database. */
  admin: Client;
  /** Where it is noted that the database is being made. */
  folder: Pick<WorkingFolder, 'making'>;
  report: Report;
  signal: AbortSignal;
};

/**
 * `<database>_restore_test_<8 hex>`, another one each time. PostgreSQL would cut a name of more than 63 bytes at its end, where the
 * difference is: of a long name the database's part is shortened, between two characters.
 */
export function testDatabaseName(database: string): string {
  const end = `_restore_test_${randomBytes(4).toString('hex')}`;
  const characters = [...database];
  while (Buffer.byteLength(characters.join('') + end) > LONGEST_NAME) characters.pop();
  return characters.join('') + end;
}

/**
 * Makes the test database for the time of `use`; it is gone afterwards, whatever happens and whoever interrupts.
 * @throws Failure test-database-failed, test-database-left; the signal's reason; whatever `use` throws
 */
export async function inTestDatabase<R>(wanted: TestDatabase, use: () => Promise<R>): Promise<R> {
  const { settings, name, admin, report, signal } = wanted;
  signal.throwIfAborted();
  report({ kind: 'stage', title: `Making the test database ${name}` });
  const create = async () => {
    try {
      await holdTestDatabase(admin, name);
      await createMarked(wanted);
    } catch (cause) {
      signal.throwIfAborted();
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new Failure('test-database-failed', { database: name, message }, { cause });
    }
  };
  const over = workingWith(name);
  const outcome = await Promise.resolve()
    .then(create)
    .then(() => signal.throwIfAborted())
    .then(use)
    .then(
      (result) => ({ result }),
      (error: unknown) => ({ error }),
    );
  report({ kind: 'stage', title: 'Removing the test database' });
  const gone = await removeDatabase(settings, name).finally(over);
  const left = gone ? undefined : new Failure('test-database-left', { database: name });
  if ('result' in outcome && left === undefined) return outcome.result;
  if ('result' in outcome) throw left;
  if (left !== undefined) report({ kind: 'note', text: `${left.message} ${left.hint}` });
  throw outcome.error;
}

/** Killed at any moment of this, the database can still be told from one that somebody else made. */
async function createMarked({ settings, name, backup, like, admin, folder }: TestDatabase): Promise<void> {
  await folder.making({ server: await serverIdentity({ admin, settings: settings.postgres }), database: name });
  await createDatabase(admin, name, like);
  const oid = (await databaseOid(admin, name)) ?? '';
  await commentOnDatabase(admin, name, commentOf(backup, name, oid, await ourselves()));
  await folder.making();
}

/** With a session of its own: an interruption has ended ours. A server that is gone cannot be asked. */
async function removeDatabase(settings: Settings, name: string): Promise<boolean> {
  try {
    await using client = await administer(settings.postgres);
    return await dropDatabase(client, name);
  } catch (error) {
    if (error instanceof Failure) return false;
    throw error;
  }
}
