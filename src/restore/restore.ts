/** Restores an archive file into an empty database. What the file is was decided by its content before. */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { Failure } from '../failure.ts';
import { type ArchiveFormat, identifyArchive } from '../postgres/archive.ts';
import { databaseArgument, environmentOf } from '../postgres/connection.ts';
import { postgresPrograms } from '../postgres/programs.ts';
import { lastLines, type Ran, run } from '../process.ts';
import type { Settings } from '../settings.ts';
import type { TocEntry } from './contents.ts';

/** Parallel workers of pg_restore; more do not help on two cores. */
const JOBS = 2;

/** For the restoring sessions alone: what is restored here is thrown away, so no commit needs to reach the disk. */
const FAST = [
  'synchronous_commit=off',
  'maintenance_work_mem=512MB',
  // The jobs are parallel already.
  'max_parallel_maintenance_workers=0',
  'statement_timeout=0',
  'lock_timeout=0',
  'client_min_messages=warning',
];

/** What a throwaway database has no right to or no use for: these need roles and things of the server. */
const LEFT_OUT = ['--no-owner', '--no-acl', '--no-tablespaces', '--no-subscriptions', '--no-security-labels'] as const;

export type RestoreOptions = {
  format: ArchiveFormat;
  /** Of the file; the time limit follows from it. */
  bytes: number;
  /** Of a custom or tar archive: restores these alone. */
  entries?: readonly TocEntry[] | undefined;
  /** A superuser's session may ask for English messages, which are then understood whatever the server speaks. */
  superuser?: boolean;
  signal?: AbortSignal | undefined;
};

/**
 * Restores without owners and privileges, stopping at the first error.
 * @returns undefined, or what went wrong when it is the archive's fault
 * @throws Failure restore-failed when the words tell of the server or of rights, and nothing of the archive
 */
export async function restoreArchive(
  settings: Settings['postgres'],
  database: string,
  file: string,
  options: RestoreOptions,
): Promise<string | undefined> {
  const { format, bytes, signal, entries } = options;
  const fast = options.superuser === true ? [...FAST, 'lc_messages=C'] : FAST;
  const env = {
    ...environmentOf(settings, database),
    PGOPTIONS: fast.map((setting) => `-c ${setting}`).join(' '),
  };
  if (format === 'gzip') return restoreUnpacked(settings, database, file, options);
  if (format === 'plain')
    return judge(
      await perform('psql', ['-X', '--quiet', '-v', 'ON_ERROR_STOP=1', `--file=${file}`], env, bytes, signal),
    );
  await using list = entries === undefined ? undefined : await listFile(entries);
  const args = [
    databaseArgument(database),
    `--jobs=${format === 'custom' ? JOBS : 1}`,
    '--exit-on-error',
    ...LEFT_OUT,
    ...(list === undefined ? [] : [`--use-list=${list.path}`]),
    file,
  ];
  return judge(await perform('pg_restore', args, env, bytes, signal));
}

/** The SQL that restoring some entries would run, without owners but with privileges. */
export async function sqlOf(
  file: string,
  entries: readonly TocEntry[],
  options: { bytes: number; signal?: AbortSignal | undefined; owners?: boolean },
): Promise<string> {
  if (entries.length === 0) return '';
  await using list = await listFile(entries);
  const args = ['--file=-', ...(options.owners ? [] : ['--no-owner']), `--use-list=${list.path}`, file];
  const ran = await perform('pg_restore', args, { ...process.env, LC_ALL: 'C' }, options.bytes, options.signal);
  if (ran.status !== 0) throw new Failure('restore-failed', { message: lastLines(ran.stderr) });
  return ran.stdout;
}

async function restoreUnpacked(
  settings: Settings['postgres'],
  database: string,
  file: string,
  options: RestoreOptions,
): Promise<string | undefined> {
  const unpacked = `${file}.unpacked`;
  try {
    const signal = options.signal === undefined ? {} : { signal: options.signal };
    await pipeline(createReadStream(file), createGunzip(), createWriteStream(unpacked, { mode: 0o600 }), signal);
    const { format } = await identifyArchive(unpacked);
    return await restoreArchive(settings, database, unpacked, { ...options, format });
  } finally {
    await rm(unpacked, { force: true });
  }
}

/** Ten minutes, and then 0.5 MB in a second: far more than any working server needs. Milliseconds. */
function timeLimit(bytes: number): number {
  return 600_000 + bytes / 500;
}

async function perform(
  program: 'pg_restore' | 'psql',
  args: string[],
  env: Record<string, string | undefined>,
  bytes: number,
  signal: AbortSignal | undefined,
): Promise<Ran> {
  const { bin } = await postgresPrograms();
  return run(join(bin, program), args, { env, timeout: timeLimit(bytes), ...(signal === undefined ? {} : { signal }) });
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
  /affected by row-level security/,
];

function judge(ran: Ran): string | undefined {
  if (ran.status === 0) return undefined;
  const said = ran.stderr.split('\n').filter((line) => /error:|ERROR:|DETAIL:/.test(line));
  const message = lastLines(
    (said.length > 0 ? said.slice(0, 3).join('\n') : ran.stderr).replaceAll('pg_restore: error: ', ''),
  );
  if (OF_THE_SERVER.some((form) => form.test(said.join('\n') || ran.stderr)))
    throw new Failure('restore-failed', { message });
  return message;
}

/** pg_restore reads of each line only the number before the semicolon. */
async function listFile(entries: readonly TocEntry[]): Promise<{ path: string } & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'drillbook-list-'));
  const path = join(folder, 'list');
  await writeFile(path, entries.map(({ id }) => `${id};\n`).join(''));
  return { path, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}
