/**
 * Restores a whole backup into a new database that stays: with its owner, settings and privileges, and everything in it with theirs.
 * The database bears a mark until it is proven; one that a killed restore left half made is known by it, and replaced.
 */
import { manifestNameOf } from '../backup/manifest.ts';
import { Failure } from '../failure.ts';
import { type Client, connect, quoteIdentifier } from '../postgres/connection.ts';
import { readContent } from '../postgres/fingerprint.ts';
import { type Report, silent } from '../progress.ts';
import type { Settings } from '../settings.ts';
import { type Brought, bringBackup } from './brought.ts';
import { administer, createDatabase, dropDatabase } from './database.ts';
import { checkFree, checkName } from './database-name.ts';
import { restoreGlobals } from './globals.ts';
import { mayCreate } from './preflight.ts';
import { firstOfEachKind, NEVER_COMPARED, unstated } from './proof.ts';
import { literal, perform, propertiesOf, statedProperties } from './properties.ts';
import type { Proven } from './prove.ts';
import { compareDatabaseWithManifest } from './read.ts';
import { missingRoles } from './roles.ts';
import { restoreInStages } from './stages.ts';
import { validate } from './validate.ts';

export type RestoreDatabaseOptions = {
  /** The backup's name; the newest one without it. */
  backup?: string | undefined;
  /** The name of the new database: at most 63 bytes, and no database has it. */
  into: string;
  /** Makes the roles that the backup needs and the server lacks, without right to log in and without password. */
  makeRoles?: boolean | undefined;
  report?: Report;
  signal?: AbortSignal | undefined;
};

export type RestoredDatabase = Pick<Proven, 'backup' | 'database' | 'notCompared' | 'tables' | 'rows'> & {
  /** `unproven`: the backup has no manifest, so that nobody knows what it must contain. */
  verdict: 'equal' | 'unproven';
  /** Roles that were made. */
  roles: string[];
  seconds: number;
};

type Work = {
  settings: Settings;
  into: string;
  admin: Client;
  report: Report;
  signal: AbortSignal;
  /** There may be a database of ours, to be removed when the work fails. */
  made: boolean;
};

/** How the comment of a database begins that is not complete. */
const MARK = 'Drillbook: unfinished restore of ';

/**
 * Restores a backup of the settings' database into a new one and proves it equal to the manifest. What fails or is interrupted leaves
 * nothing behind. ANALYZE has run.
 * @throws Failure database-name, database-exists, createdb-missing, roles-missing, restore-running before anything is made; backup-unfit,
 *   restore-failed, restore-differs, restore-left and those of the store, the archive and the server; the signal's reason when aborted
 */
export async function restoreDatabase(settings: Settings, options: RestoreDatabaseOptions): Promise<RestoredDatabase> {
  const { into, report = silent, signal = new AbortController().signal } = options;
  const began = performance.now();
  checkName(into);
  // Not ended by the signal: a CREATE DATABASE that is cut off may or may not have made one. What this does is short.
  await using admin = await administer(settings.postgres);
  const server = await mayCreate(admin);
  const work: Work = { settings, into, admin, report, signal, made: false };
  const unfinished = await lookAt(work);
  await using brought = await bringBackup(settings, options.backup, { server: server.server, report, signal });
  const roles = await provideRoles(work, brought, options.makeRoles === true);
  if (unfinished) await drop(work, true);
  const made = await orNothing(work, () => restoreAndProve(work, brought, server));
  return { ...made, roles, seconds: (performance.now() - began) / 1000 };
}

/** Whether a killed restore left an unfinished one of that name. Holds the name for as long as the session lives. */
async function lookAt({ admin, into }: Work): Promise<boolean> {
  const lock = await admin.query<{ free: boolean }>('SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS free', [
    into,
  ]);
  if (lock.rows[0]?.free !== true) throw new Failure('restore-running', { name: into });
  const { rowCount } = await admin.query(
    "SELECT FROM pg_database WHERE datname = $1 AND starts_with(shobj_description(oid, 'pg_database'), $2)",
    [into, MARK],
  );
  if (rowCount === 1) return true;
  await checkFree(admin, into);
  return false;
}

async function provideRoles(work: Work, brought: Brought, make: boolean): Promise<string[]> {
  const { settings, admin, report, signal } = work;
  const missing = await missingRoles(admin, brought, signal);
  if (missing.length === 0) return [];
  if (!make) throw new Failure('roles-missing', { backup: brought.backup.name, roles: missing.join(', ') });
  const { made } = await restoreGlobals(settings, { backup: brought.backup.name, only: missing, report, signal });
  const left = missing.filter((role) => !made.includes(role));
  if (left.length > 0) throw new Failure('roles-missing', { backup: brought.backup.name, roles: left.join(', ') });
  return made;
}

async function restoreAndProve(
  work: Work,
  brought: Brought,
  server: { superuser: boolean; server: string },
): Promise<Omit<RestoredDatabase, 'roles' | 'seconds'>> {
  const { settings, into, admin, report, signal } = work;
  const { backup, manifest, archive, contents } = brought;
  report({ kind: 'stage', title: `Making ${into}` });
  const stated = await statedProperties(archive, settings.postgres.database, into, signal);
  const mark = `${MARK}${backup.name}, begun ${new Date().toISOString()}`;
  await make(work, mark, manifest?.content.database ?? stated.options);
  signal.throwIfAborted();

  report({ kind: 'stage', title: `Restoring into ${into}` });
  const target = { settings: settings.postgres, database: into, admin };
  const { fault } = await restoreInStages(target, archive, {
    ...server,
    contents,
    roles: manifest?.content.roles,
    whole: true,
    signal,
  });
  if (fault !== undefined) throw new Failure('backup-unfit', { backup: backup.name, reason: fault });
  const limit =
    stated.limit === undefined ? [] : [`ALTER DATABASE ${quoteIdentifier(into)} CONNECTION LIMIT ${stated.limit}`];
  const said = manifest && [...propertiesOf(manifest.content.database, into), ...limit];
  await perform(admin, said ?? stated.statements, signal);
  await analyze(work);

  const proof = await prove(work, brought);
  // Last of all: until now it is no database to use.
  const comment = manifest?.content.database.comment ?? null;
  await admin.query(`COMMENT ON DATABASE ${quoteIdentifier(into)} IS ${comment === null ? 'NULL' : literal(comment)}`);
  return { backup: backup.name, database: into, ...proof };
}

async function make(work: Work, mark: string, like: Parameters<typeof createDatabase>[2] | string): Promise<void> {
  const { admin, into } = work;
  work.made = true;
  try {
    if (typeof like === 'object') return await createDatabase(admin, into, like, mark);
    await admin.query(`CREATE DATABASE ${quoteIdentifier(into)} TEMPLATE template0 ${like}`);
    await admin.query(`COMMENT ON DATABASE ${quoteIdentifier(into)} IS ${literal(mark)}`);
  } catch (cause) {
    // Made by somebody else since we looked: then it is not ours to remove.
    if (cause instanceof Error && 'code' in cause && cause.code === '42P04') {
      work.made = false;
      throw new Failure('database-exists', { name: into }, { cause });
    }
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new Failure('restore-failed', { message }, { cause });
  }
}

/** Statistics are not in a dump. Only a superuser may analyze the shared catalogs; the warnings of that are of no use here. */
async function analyze({ settings, into, report, signal }: Work): Promise<void> {
  report({ kind: 'stage', title: `ANALYZE of ${into}` });
  await using client = await connect(settings.postgres, { database: into, signal });
  await client.query('SET statement_timeout = 0; SET default_transaction_read_only = off');
  await client.query('ANALYZE');
}

async function prove({ settings, into, report, signal }: Work, { backup, manifest }: Brought) {
  if (manifest === undefined) {
    await using client = await connect(settings.postgres, { database: into, signal });
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const { faults, tables, rows } = validate(await readContent(client, { report }), settings);
    if (faults.length > 0) throw new Failure('restore-differs', { database: into, difference: faults.join('; ') });
    return { verdict: 'unproven' as const, tables, rows, notCompared: ['the content: the backup has no manifest'] };
  }
  report({ kind: 'stage', title: `Comparing ${into} with ${manifestNameOf(backup.name)}` });
  const found = await compareDatabaseWithManifest(settings, into, manifest, { report, signal });
  const differences = found.filter(({ kind, name }) => kind !== 'database' || name !== 'comment');
  if (differences.length > 0)
    throw new Failure('restore-differs', { database: into, difference: firstOfEachKind(differences, 3).join('; ') });
  const { tables } = manifest.content;
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  return {
    verdict: 'equal' as const,
    tables: tables.length,
    rows,
    notCompared: [...NEVER_COMPARED, ...unstated(manifest), 'tablespaces and subscriptions: they were not restored'],
  };
}

/** Removes what was made when the work fails; a database that somebody else made meanwhile is never touched. */
async function orNothing<R>(work: Work, use: () => Promise<R>): Promise<R> {
  try {
    work.signal.throwIfAborted();
    return await use();
  } catch (error) {
    if (work.made) await drop(work, false);
    work.signal.throwIfAborted();
    throw error;
  }
}

/** Only one that bears our mark. With a session of its own: ours may be gone. */
async function drop({ settings, into, report }: Work, must: boolean): Promise<void> {
  const left = new Failure('restore-left', { name: into });
  try {
    await using client = await administer(settings.postgres);
    report({ kind: 'stage', title: `Removing the unfinished ${into}` });
    const { rowCount } = await client.query(
      "SELECT FROM pg_database WHERE datname = $1 AND coalesce(starts_with(shobj_description(oid, 'pg_database'), $2), true)",
      [into, MARK],
    );
    if (rowCount === 0 || (await dropDatabase(client, into))) return;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
  }
  if (must) throw left;
  report({ kind: 'note', text: `${left.message} ${left.hint}` });
}
