/** Names of databases that are to be made: checked before anything is touched. */
import type { ClientBase } from 'pg';
import { Failure } from '../failure.ts';
import { LONGEST_NAME } from './database.ts';

/** The server's own, which no restore may make or replace. */
const RESERVED = new Set(['postgres', 'template0', 'template1']);

/**
 * A legal name that PostgreSQL takes whole. One of more than 63 bytes it would cut with only a notice, and it may then be the name
 * of another database.
 * @throws Failure database-name
 */
export function checkName(name: string): void {
  const bytes = Buffer.byteLength(name);
  const reason =
    name === '' || name.includes('\0')
      ? 'it is no name'
      : bytes > LONGEST_NAME
        ? `it has ${bytes} bytes, and PostgreSQL cuts names at ${LONGEST_NAME}`
        : RESERVED.has(name)
          ? 'it belongs to the server'
          : undefined;
  if (reason !== undefined) throw new Failure('database-name', { name, reason });
}

/** As `checkName`, and no database has it. @throws Failure database-name, database-exists */
export async function checkFree(client: ClientBase, name: string): Promise<void> {
  checkName(name);
  const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
  if (rowCount !== 0) throw new Failure('database-exists', { name });
}
