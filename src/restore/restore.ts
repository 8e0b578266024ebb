/** Restores an archive file into an empty database. What the file is was decided by its content before. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Failure } from '../failure.ts';
import { databaseArgument, environmentOf } from '../postgres/connection.ts';
import type { OpenedArchive } from '../postgres/opened.ts';
import { majorOf, postgresPrograms } from '../postgres/programs.ts';
import { scriptReader } from '../postgres/script-facts.ts';
import { unreadable } from '../postgres/verify.ts';
import { lastLines, type Ran, run, stream } from '../process.ts';
import type { Settings } from '../settings.ts';
import type { TocEntry } from './contents.ts';
import { feedScript, type ScriptFilter, scriptFilter } from './script.ts';

/** Parallel workers of pg_restore; more do not help on two cores. */
const JOBS = 2;

/**
 * For the restoring sessions alone: no commit needs to reach the disk. What is restored is thrown away, or ANALYZE follows, and its commit
 * brings all before it to the disk.
 */
const FAST = [
  'synchronous_commit=off',
  'maintenance_work_mem=512MB',
  // The jobs are parallel already.
  'max_parallel_maintenance_workers=0',
  // Compiling the checks of foreign keys costs more than it saves.
  'jit=off',
  'statement_timeout=0',
  'lock_timeout=0',
  'client_min_messages=warning',
];

/**
 * Rows that nobody counts call no autovacuum, which would read again all that is about to be thrown away, and hold the database when
 * it is dropped. Only a superuser may say so.
 */
const UNCOUNTED = ['track_counts=off'];

/** What a throwaway database has no right to or no use for: these need roles and things of the server. */
const LEFT_OUT = ['--no-owner', '--no-acl', '--no-tablespaces', '--no-subscriptions', '--no-security-labels'] as const;

/** What a database that stays leaves out too: places of the other server, and subscriptions, which would take changes from two databases. */
const LEFT_OUT_OF_WHOLE = ['--no-tablespaces', '--no-subscriptions'] as const;

export type RestoreOptions = {
  /** Of a custom or tar archive: restores these alone. */
  entries?: readonly TocEntry[] | undefined;
  /** A superuser's session may ask for English messages, which are then understood whatever the server speaks. */
  superuser?: boolean;
  /** The version of the server, such as `15.18`. */
  server: string;
  /** With owners and privileges: every role that they name must exist. */
  whole?: boolean | undefined;
  signal?: AbortSignal | undefined;
};

/**
 * Restores without owners and privileges (unless `whole`), stopping at the first error.
 * @returns undefined, or what went wrong when it is the archive's fault
 * @throws Failure restore-failed when the words tell of the server or of rights, and nothing of the archive
 */
export async function restoreArchive(
  settings: Settings['postgres'],
  database: string,
  archive: OpenedArchive,
  options: RestoreOptions,
): Promise<string | undefined> {
  const { signal, entries, superuser = false, whole = false } = options;
  const { head, file } = archive;
  const { version } = await postgresPrograms();
  await using list = entries === undefined ? undefined : await listFile(file, entries);
  const chosen = [
    ...(whole ? LEFT_OUT_OF_WHOLE : LEFT_OUT),
    ...(list === undefined ? [] : [`--use-list=${list.path}`]),
    file,
  ];
  // From 17 on pg_restore sets transaction_timeout, which makes it fail on every older server.
  if (majorOf(version) >= 17 && majorOf(options.server) < 17)
    return await restoreAsScript(settings, database, archive, chosen, options);
  const jobs = `--jobs=${head.format === 'custom' ? JOBS : 1}`;
  const args = [databaseArgument(database), jobs, '--exit-on-error', ...chosen];
  const env = sessionOf(settings, database, superuser, whole);
  return judge('pg_restore', await perform('pg_restore', args, env, limitOf(archive), signal), version);
}

/**
 * Restores SQL through a filter.
 * @throws Failure as restoreArchive; archive-unsafe, archive-damaged
 */
export async function restoreScript(
  settings: Settings['postgres'],
  database: string,
  archive: OpenedArchive,
  filter: ScriptFilter,
  { signal, superuser = false, whole = false }: Pick<RestoreOptions, 'signal' | 'superuser' | 'whole'>,
): Promise<string | undefined> {
  const programs = await postgresPrograms();
  const through = { filter, reader: scriptReader(archive.name), complete: true };
  const env = sessionOf(settings, database, superuser, whole);
  const psql = { programs, database, env, timeout: limitOf(archive), signal };
  return judge('psql', await feedScript(archive.sql(signal), through, psql), programs.version);
}

async function restoreAsScript(
  settings: Settings['postgres'],
  database: string,
  archive: OpenedArchive,
  args: readonly string[],
  { signal, superuser = false, whole = false }: RestoreOptions,
): Promise<string | undefined> {
  const programs = await postgresPrograms();
  const timeout = limitOf(archive);
  const source = await stream(join(programs.bin, 'pg_restore'), ['--file=-', ...args], {
    env: { ...process.env, LC_ALL: 'C' },
    timeout,
    ...(signal === undefined ? {} : { signal }),
  });
  try {
    source.stdin.end();
    const filter = scriptFilter(undefined, true, { whole });
    const reader = scriptReader(archive.name, { trusted: true });
    const env = sessionOf(settings, database, superuser, whole);
    const psql = { programs, database, env, timeout, signal };
    const ran = await feedScript(source.stdout, { filter, reader, complete: false }, psql);
    const fault = judge('psql', ran, programs.version);
    return fault ?? judge('pg_restore', await source.ended, programs.version);
  } finally {
    await source.kill();
  }
}

function sessionOf(settings: Settings['postgres'], database: string, superuser: boolean, whole: boolean) {
  const fast = superuser ? [...FAST, 'lc_messages=C', ...(whole ? [] : UNCOUNTED)] : FAST;
  return {
    ...environmentOf(settings, database),
    PGOPTIONS: fast.map((setting) => `-c ${setting}`).join(' '),
  };
}

/** The SQL that restoring some entries would run, without owners but with privileges; `create`: what makes the database too. */
export async function sqlOf(
  file: string,
  entries: readonly TocEntry[],
  options: { bytes: number; signal?: AbortSignal | undefined; owners?: boolean; create?: boolean },
): Promise<string> {
  if (entries.length === 0) return '';
  await using list = await listFile(file, entries);
  const [owners, create] = [options.owners ? [] : ['--no-owner'], options.create ? ['--create'] : []];
  const args = ['--file=-', ...owners, ...create, `--use-list=${list.path}`, file];
  const ran = await perform(
    'pg_restore',
    args,
    { ...process.env, LC_ALL: 'C' },
    timeLimit(options.bytes),
    options.signal,
  );
  if (ran.status !== 0) throw new Failure('restore-failed', { message: lastLines(ran.stderr) });
  return ran.stdout;
}

/** Ten minutes, and then 0.5 MB in a second: far more than any working server needs. Milliseconds. */
function timeLimit(bytes: number): number {
  return 600_000 + bytes / 500;
}

/** What is packed is this many times larger inside, at most as a rule. */
const PACKED = 20;

function limitOf({ bytes, head, packing }: OpenedArchive): number {
  return timeLimit(head.format === 'plain' && packing !== undefined ? bytes * PACKED : bytes);
}

async function perform(
  program: 'pg_restore' | 'psql',
  args: string[],
  env: Record<string, string | undefined>,
  timeout: number,
  signal: AbortSignal | undefined,
): Promise<Ran> {
  const { bin } = await postgresPrograms();
  return run(join(bin, program), args, { env, timeout, ...(signal === undefined ? {} : { signal }) });
}

/** Rights, room, connections, what is installed, roles that exist elsewhere: all this says nothing about the backup. */
const OF_THE_SERVER = [
  /permission denied/,
  /must be (superuser|owner|member)/,
  /No space left|could not (extend|write)/,
  /connection|terminating|too many clients|starting up|shutting down/,
  /role "[^"]*" does not exist/,
  /is not available|could not open extension control file/,
  /out of (shared )?memory/,
  /unrecognized configuration parameter/,
  /read-only transaction/,
  /could not open TOC file/,
  /affected by row-level security/,
];

function judge(
  program: 'pg_restore' | 'psql',
  ran: { status: number; stderr: string },
  version: string,
): string | undefined {
  if (ran.status === 0) return undefined;
  const lacking = unreadable(ran.stderr, { bin: '', version });
  if (lacking !== undefined) throw lacking;
  const said = ran.stderr.split('\n').filter((line) => /error:|ERROR:|DETAIL:/.test(line));
  const message = lastLines(
    (said.length > 0 ? said.slice(0, 3).join('\n') : ran.stderr).replaceAll(
      /pg_restore: error: |psql:<stdin>:\d+: /g,
      '',
    ),
  );
  if (OF_THE_SERVER.some((form) => form.test(said.join('\n') || ran.stderr)))
    throw new Failure('restore-failed', { message });
  return `${program} could not restore it: ${message}`;
}

/** Beside the archive. pg_restore reads of each line only the number before the semicolon. */
async function listFile(archive: string, entries: readonly TocEntry[]): Promise<{ path: string } & AsyncDisposable> {
  const folder = await mkdtemp(join(dirname(archive), 'list-'));
  const path = join(folder, 'list');
  await writeFile(path, entries.map(({ id }) => `${id};\n`).join(''));
  return { path, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}
