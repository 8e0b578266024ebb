/**
 * Throwaway databases of drills that were killed. A drill holds an advisory lock on its database's name for as long as its session
 * lives; where the lock is free, nobody is left who would remove the database.
 */
import type { ClientBase } from 'pg';
import { dropDatabase } from './database.ts';

/** How the comment of each begins. */
export const MARK = 'Drillbook: throwaway database of a drill of ';

/** Says that this session works with that database; ends with the session. Before the database is made. */
export async function holdTestDatabase(admin: ClientBase, name: string): Promise<void> {
  await admin.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [name]);
}

/** Removes those that begin with `prefix` and that nobody holds, and returns their names. Another's database of such a name stays. */
export async function removeAbandoned(admin: ClientBase, prefix: string): Promise<string[]> {
  const { rows } = await admin.query<{ name: string }>(
    `SELECT datname AS name FROM pg_database
     WHERE starts_with(datname, $1) AND substr(datname, length($1) + 1) ~ '^[0-9a-f]{8}$'
       AND starts_with(shobj_description(oid, 'pg_database'), $2)
       AND pg_has_role(datdba, 'MEMBER')
     ORDER BY datname`,
    [prefix, MARK],
  );
  const removed: string[] = [];
  for (const { name } of rows) {
    const { rows: locks } = await admin.query('SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS free', [name]);
    if (locks[0]?.free !== true) continue;
    if (await dropDatabase(admin, name)) removed.push(name);
    await admin.query('SELECT pg_advisory_unlock(hashtextextended($1, 0))', [name]);
  }
  return removed;
}
