/** Databases as a whole: is there one, who uses it, make it, remove it. Never from within the database itself. */
import type { ClientBase } from 'pg';
import { Failure } from '../failure.ts';
import { type Client, connect, quoteIdentifier } from '../postgres/connection.ts';
import type { Content } from '../postgres/content.ts';
import type { Settings } from '../settings.ts';

/** The longest name of PostgreSQL in bytes; longer ones are cut with only a notice, and may then name another database. */
export const LONGEST_NAME = 63;

export type Session = { pid: number; user: string; application: string; state: string };

/** Whether the server has a database of this name. */
export async function databaseExists(settings: Settings, database: string): Promise<boolean> {
  await using client = await administer(settings.postgres);
  const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [database]);
  return rowCount === 1;
}

/** The sessions of a database, ours not counted: this asks from another one. */
export async function openSessions(settings: Settings, database: string): Promise<Session[]> {
  await using client = await administer(settings.postgres);
  const { rows } = await client.query<Session>(
    `SELECT pid, coalesce(usename, '')::text AS user, coalesce(application_name, '') AS application, coalesce(state, '') AS state
     FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'client backend' ORDER BY pid`,
    [database],
  );
  return rows;
}

/** A session in a maintenance database: `postgres`, or `template1` where that one is missing or closed to us. */
export async function administer(settings: Settings['postgres'], signal?: AbortSignal): Promise<Client> {
  try {
    return await connect(settings, { database: 'postgres', signal });
  } catch (error) {
    if (!(error instanceof Failure) || !['database-missing', 'database-closed'].includes(error.code)) throw error;
    return await connect(settings, { database: 'template1', signal });
  }
}

/**
 * Makes an empty database from template0 (template1 may hold anything), with the encoding and locale of another one.
 * The comment says whose it is.
 */
export async function createDatabase(
  client: ClientBase,
  name: string,
  like: Content['database'] | undefined,
  comment?: string,
): Promise<void> {
  const options = like === undefined ? [] : await localeOptions(client, like);
  await client.query(`CREATE DATABASE ${quoteIdentifier(name)} TEMPLATE template0 ${options.join(' ')}`);
  if (comment !== undefined) await commentOnDatabase(client, name, comment);
}

/** Its number; another database of the same name has another one. Undefined when there is none. */
export async function databaseOid(client: ClientBase, name: string): Promise<string | undefined> {
  const { rows } = await client.query<{ oid: string }>('SELECT oid::text AS oid FROM pg_database WHERE datname = $1', [
    name,
  ]);
  return rows[0]?.oid;
}

export async function commentOnDatabase(client: ClientBase, name: string, comment: string): Promise<void> {
  await client.query(`COMMENT ON DATABASE ${quoteIdentifier(name)} IS '${comment.replaceAll("'", "''")}'`);
}

async function localeOptions(client: ClientBase, like: Content['database']): Promise<string[]> {
  const { rows } = await client.query<{ version: number }>(
    "SELECT current_setting('server_version_num')::int AS version",
  );
  const version = rows[0]?.version ?? 0;
  const text = (value: string) => `'${value.replaceAll("'", "''")}'`;
  const options = [
    `ENCODING ${text(like.encoding)}`,
    `LC_COLLATE ${text(like.collate)}`,
    `LC_CTYPE ${text(like.ctype)}`,
  ];
  if (version < 150_000) return options;
  options.push(`LOCALE_PROVIDER ${like.provider}`);
  if (like.locale !== null)
    options.push(`${like.provider === 'icu' ? 'ICU_LOCALE' : 'BUILTIN_LOCALE'} ${text(like.locale)}`);
  return options;
}

/**
 * Removes a database and tells whether it is gone. Plain first: FORCE fails on an autovacuum worker, which is usual right after
 * a restore and which a plain DROP ends; then FORCE, which ends other sessions; and again, because either can lose a race. A server
 * that goes away meanwhile makes it false.
 */
export async function dropDatabase(client: ClientBase, name: string, tries = 5): Promise<boolean> {
  // What we made we may remove, also where new sessions are read-only by default.
  await client.query('SET default_transaction_read_only = off');
  for (let attempt = 0; attempt < tries; attempt++) {
    for (const force of ['', ' WITH (FORCE)']) {
      const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
      if (rowCount === 0) return true;
      try {
        await client.query(`DROP DATABASE IF EXISTS ${quoteIdentifier(name)}${force}`);
      } catch (error) {
        // Who holds it may be gone the next time; a connection that is lost will not come back.
        if (!(error instanceof Error) || !('severity' in error)) return false;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 200 * (attempt + 1)));
  }
  return false;
}
