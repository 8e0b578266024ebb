/** What must hold before a drill touches anything, and what it will need. */
import { readFile, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest } from '../backup/manifest.ts';
import { Failure } from '../failure.ts';
import type { Client } from '../postgres/connection.ts';
import { majorOf } from '../postgres/programs.ts';
import type { TocEntry } from './contents.ts';
import { size } from './size.ts';

export type Needs = {
  /** Bytes in the local folder, and bytes on the database server (an estimate where no manifest tells). */
  local: number;
  server: number;
  /** Seconds, roughly. */
  seconds: number;
};

/** A restored database is about this many times larger than its compressed archive, where nothing better is known. */
const GROWTH = 10;

/** How much room and time a drill takes; `databaseBytes` is the size of the database when it was dumped, if known. */
export function needsOf(archiveBytes: number, databaseBytes: number | undefined): Needs {
  const server = databaseBytes ?? archiveBytes * GROWTH;
  // Measured on two cores: archives arrive at 100 MB/s, and restoring and hashing takes 1 s for 150 MB of database.
  const seconds = Math.ceil(2 + archiveBytes / 100e6 + server / 150e6);
  return { local: archiveBytes, server, seconds };
}

/** Whether a folder's file system has room for so many bytes, with a little left over. */
export async function enoughDiskSpace(folder: string, bytes: number): Promise<boolean> {
  return (await freeBytes(folder)) >= bytes + 1_000_000;
}

/**
 * Bytes that this user may still write in the folder's file system.
 * @throws Failure folder-unusable
 */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder).catch((cause: Error) => {
    throw new Failure('folder-unusable', { folder, reason: cause.message }, { cause });
  });
  return bavail * bsize;
}

/**
 * The user may create databases. Tells what else the user may.
 * @throws Failure createdb-missing
 */
export async function mayCreate(client: Client): Promise<{ superuser: boolean; server: string }> {
  const { user, superuser, may, server } = await rightsOf(client);
  if (!may) throw new Failure('createdb-missing', { user });
  return { superuser, server };
}

export type Rights = { user: string; superuser: boolean; may: boolean; server: string };

/** What the user of this session may, on a server of which version. */
export async function rightsOf(client: Client): Promise<Rights> {
  const { rows } = await client.query<Rights>(
    `SELECT current_user::text AS user, rolsuper AS superuser, rolsuper OR rolcreatedb AS may, current_setting('server_version') AS server
     FROM pg_roles WHERE rolname = current_user`,
  );
  const { user = 'this user', superuser = false, may = false, server = '' } = rows[0] ?? {};
  return { user, superuser, may, server: server.split(' ')[0] ?? '' };
}

/** Carries out every check and returns what they threw. */
export async function lacking(checks: readonly (() => Promise<void> | void)[]): Promise<Failure[]> {
  const lacks: Failure[] = [];
  for (const check of checks) {
    try {
      await check();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      lacks.push(error);
    }
  }
  return lacks;
}

/** All that is missing is said at once. @throws Failure the only one, or drill-unprepared */
export function refuseUnless(lacks: readonly Failure[]): void {
  const [first, ...others] = lacks;
  if (first === undefined) return;
  if (others.length === 0) throw first;
  const numbered = (words: (lack: Failure) => string) => lacks.map((lack, i) => `(${i + 1}) ${words(lack)}`).join(' ');
  const [reasons, hints] = [numbered((lack) => lack.message), numbered((lack) => lack.hint)];
  throw new Failure('drill-unprepared', { count: String(lacks.length), reasons, hints });
}

/** A backup of a newer server may hold what an older one does not know. @throws Failure server-older */
export function serverIsNewEnough(manifest: Pick<Manifest, 'versions'>, server: string): void {
  const archive = manifest.versions.server;
  if (majorOf(archive) > majorOf(server))
    throw new Failure('server-older', { archive, server, needed: String(majorOf(archive)) });
}

/** @throws Failure archive-newer */
export function programsAreNewEnough(manifest: Pick<Manifest, 'versions'>, program: string): void {
  const archive = manifest.versions.pgDump;
  if (majorOf(archive) > majorOf(program))
    throw new Failure('archive-newer', { archive, program, needed: String(majorOf(archive)) });
}

/** The server can make each of these extensions. @throws Failure extensions-missing, which names all that it cannot */
export async function extensionsAreAvailable(admin: Client, names: readonly string[], server: string): Promise<void> {
  if (names.length === 0) return;
  const { rows } = await admin.query<{ name: string }>(
    'SELECT wanted AS name FROM unnest($1::text[]) AS wanted WHERE wanted NOT IN (SELECT name FROM pg_available_extensions)',
    [names],
  );
  const extensions = rows.map(({ name }) => name).join(', ');
  if (extensions !== '')
    throw new Failure('extensions-missing', { extensions, server, major: String(majorOf(server)) });
}

/** Those that an archive makes. Pure: `EXTENSION - pgcrypto ` */
export function extensionsIn(entries: readonly TocEntry[]): string[] {
  return entries.flatMap(({ kind, rest }) => (kind === 'EXTENSION' ? [rest.replace(/^- | *$/g, '')] : []));
}

/** @throws Failure server-space */
export async function folderHasRoom(folder: string, bytes: number): Promise<void> {
  const free = await freeBytes(folder);
  if (free < bytes) throw new Failure('server-space', { needed: size(bytes), folder, free: size(free) });
}

/**
 * Where the server keeps its data, if that is on this machine and we may see it; undefined when it cannot be known. A folder of that
 * name here may be another server's: the instant of its start tells.
 */
export async function dataFolderHere(admin: Client): Promise<string | undefined> {
  try {
    const { rows } = await admin.query<{ folder: string; started: string }>(
      `SELECT current_setting('data_directory') AS folder, floor(extract(epoch FROM pg_postmaster_start_time()))::bigint::text AS started`,
    );
    const { folder = '', started } = rows[0] ?? {};
    const [, , begun] = (await readFile(join(folder, 'postmaster.pid'), 'utf8')).split('\n');
    return begun !== undefined && Math.abs(Number(begun) - Number(started)) <= 1 ? folder : undefined;
  } catch {
    return undefined; // not ours to see, or on another machine
  }
}
