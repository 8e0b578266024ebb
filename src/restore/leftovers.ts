/**
 * What drills left behind that were killed: their databases and their local folders, with the programs that still work in them.
 * All is told by its mark alone (mark.ts).
 *
 * A drill holds an advisory lock on its database's name for as long as its session lives. Where the maker's process cannot be looked
 * for, because it ran on another machine or in another container, the lock alone tells whether anybody is left.
 */
import type { ClientBase } from 'pg';
import { Failure } from '../failure.ts';
import { addressOf, connect } from '../postgres/connection.ts';
import type { Settings } from '../settings.ts';
import { dropDatabase } from './database.ts';
import { abandonedFolders, endProgramsIn, removeFolder } from './folder.ts';
import { COMMENT_BEGIN, fateOf, makerIn } from './mark.ts';

/** A session in the maintenance database, and how it was made. */
type Server = { admin: ClientBase; settings: Settings['postgres'] };

const KEY = 'hashtextextended($1, 0)';

/** Says that this session works with that database; ends with the session. Before the database is made. */
export async function holdTestDatabase(admin: ClientBase, name: string): Promise<void> {
  // A session that waits while the restore works must not be ended for that.
  await admin.query(
    `SELECT set_config('idle_session_timeout', '0', false) FROM pg_settings WHERE name = 'idle_session_timeout'`,
  );
  await admin.query(`SELECT pg_advisory_lock(${KEY})`, [name]);
}

/** Removes what killed drills of this machine left in its folder for temporary files, and says what. */
export async function removeAbandonedFolders(server?: Server): Promise<string[]> {
  const said: string[] = [];
  for (const { path, making } of await abandonedFolders()) {
    await endProgramsIn(path);
    const database = making && (server === undefined ? 'unknown' : await removeUnmarked(server, making));
    // A database may still be there or come, so the mark is needed once more.
    try {
      await removeFolder(path, { keepMark: database === 'unknown' });
    } catch (cause) {
      // What another one left is no reason not to drill.
      said.push(`The working folder ${path} of a drill that was killed could not be removed: ${cause}`);
      continue;
    }
    if (database === 'removed') said.push(`Removed the test database of a drill that was killed: ${making?.database}`);
    if (database !== 'unknown') said.push(`Removed the working folder of a drill that was killed: ${path}`);
  }
  return said;
}

/** Removes databases whose maker is gone, and returns their names. One without the exact mark stays, whatever its name. */
export async function removeAbandonedDatabases(admin: ClientBase): Promise<string[]> {
  const removed: string[] = [];
  for (const { name } of await markedDatabases(admin)) {
    const locked = await admin.query<{ free: boolean }>(`SELECT pg_try_advisory_lock(${KEY}) AS free`, [name]);
    if (locked.rows[0]?.free !== true) continue;
    try {
      // Looked at again under the lock: another drill may have removed it meanwhile.
      const [still] = await markedDatabases(admin, name);
      if (still === undefined || (await isHeld(admin, name)) || (await fateOf(still.maker, name)) === 'alive') continue;
      if (await dropDatabase(admin, name)) removed.push(name);
    } finally {
      await admin.query(`SELECT pg_advisory_unlock(${KEY})`, [name]);
    }
  }
  return removed;
}

/** A server's own number with where it is reached: copies of a data folder have the same number. */
export async function serverIdentity({ admin, settings }: Server): Promise<string> {
  const { rows } = await admin.query<{ number: string }>(
    'SELECT system_identifier::text AS number FROM pg_control_system()',
  );
  return `${addressOf(settings)} ${rows[0]?.number ?? ''}`;
}

/**
 * Removes a database whose maker was killed between making it and marking it: its name was noted before, it has no comment, and it is
 * as empty as every database is at its beginning. Anything else of that name stays.
 * @returns `unknown` when it would be on another server, or that session still lives: a killed client's CREATE DATABASE goes on to its end
 */
async function removeUnmarked(
  server: Server,
  making: { server: string; database: string },
): Promise<'removed' | 'absent' | 'unknown'> {
  if (making.server !== (await serverIdentity(server)) || (await isHeld(server.admin, making.database)))
    return 'unknown';
  const { rowCount } = await server.admin.query(
    `SELECT FROM pg_database
     WHERE datname = $1 AND shobj_description(oid, 'pg_database') IS NULL AND pg_has_role(datdba, 'MEMBER')`,
    [making.database],
  );
  if (rowCount !== 1 || !(await isEmpty(server.settings, making.database))) return 'absent';
  return (await dropDatabase(server.admin, making.database)) ? 'removed' : 'unknown';
}

async function isEmpty(settings: Settings['postgres'], database: string): Promise<boolean> {
  try {
    await using client = await connect(settings, { database });
    const { rows } = await client.query<{ things: string }>(
      `SELECT (SELECT count(*) FROM pg_class WHERE oid >= 16384) + (SELECT count(*) FROM pg_namespace WHERE oid >= 16384)
        + (SELECT count(*) FROM pg_proc WHERE oid >= 16384) AS things`,
    );
    return rows[0]?.things === '0';
  } catch (error) {
    if (error instanceof Failure) return false;
    throw error;
  }
}

async function markedDatabases(admin: ClientBase, name?: string) {
  const { rows } = await admin.query<{ name: string; oid: string; comment: string }>(
    `SELECT datname::text AS name, oid::text AS oid, shobj_description(oid, 'pg_database') AS comment
     FROM pg_database
     WHERE starts_with(shobj_description(oid, 'pg_database'), $1)
       AND pg_has_role(datdba, 'MEMBER') AND ($2::text IS NULL OR datname = $2)
     ORDER BY datname`,
    [COMMENT_BEGIN, name ?? null],
  );
  return rows.flatMap((row) => {
    const maker = makerIn(row.comment, row.name, row.oid);
    return maker === undefined ? [] : [{ name: row.name, maker }];
  });
}

/** By another session in any database: these locks are kept per database, and a maker may have come in through another one. */
async function isHeld(admin: ClientBase, name: string): Promise<boolean> {
  const { rowCount } = await admin.query(
    `SELECT FROM pg_locks
     WHERE locktype = 'advisory' AND objsubid = 1 AND granted AND pid <> pg_backend_pid()
       AND (classid::bigint << 32 | objid::bigint) = ${KEY}`,
    [name],
  );
  return rowCount !== 0;
}
