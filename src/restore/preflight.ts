/** What must hold before a drill touches anything, and what it will need. */
import { statfs } from 'node:fs/promises';
import { Failure } from '../failure.ts';
import type { Client } from '../postgres/connection.ts';

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

/** Bytes that this user may still write in the folder's file system. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/**
 * The user may create databases. Tells what else the user may.
 * @throws Failure createdb-missing
 */
export async function mayCreate(client: Client): Promise<{ superuser: boolean; server: string }> {
  const { rows } = await client.query<{ user: string; superuser: boolean; may: boolean; server: string }>(
    `SELECT current_user::text AS user, rolsuper AS superuser, rolsuper OR rolcreatedb AS may, current_setting('server_version') AS server
     FROM pg_roles WHERE rolname = current_user`,
  );
  const { user = 'this user', superuser = false, may = false, server = '' } = rows[0] ?? {};
  if (!may) throw new Failure('createdb-missing', { user });
  return { superuser, server: server.split(' ')[0] ?? '' };
}
