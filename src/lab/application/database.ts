/** The application's connections. Its role is no superuser: row-level security decides what a tenant sees. */
import { readFileSync } from 'node:fs';
import pg from 'pg';

/** The pool takes its address and credentials from PG* variables, or the password from the file in PGPASSWORD_FILE. */
export function connections(): pg.Pool {
  const file = process.env.PGPASSWORD_FILE;
  const pool = new pg.Pool({
    ...(file ? { password: readFileSync(file, 'utf8').trim() } : {}),
    max: 8,
    connectionTimeoutMillis: 3_000,
    query_timeout: 10_000,
    idleTimeoutMillis: 30_000,
    application_name: 'freshtrack-backend',
  });
  // A connection that is lost while idle is thrown away by the pool, and the next query makes a new one.
  pool.on('error', () => {});
  return pool;
}

/** Runs work in one transaction as one tenant, of whose rows alone it can speak. */
export async function asTenant<R>(
  pool: pg.Pool,
  organization: string,
  work: (client: pg.PoolClient) => Promise<R>,
): Promise<R> {
  const client = await pool.connect();
  let broken = true;
  try {
    await client.query('BEGIN');
    await client.query(`SELECT set_config('app.organization_id', $1, true)`, [organization]);
    const result = await work(client);
    await client.query('COMMIT');
    broken = false;
    return result;
  } catch (error) {
    broken = await client.query('ROLLBACK').then(
      () => false,
      () => true,
    );
    throw error;
  } finally {
    client.release(broken);
  }
}
