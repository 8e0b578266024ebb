/**
 * Puts one database in the place of another by renaming both, in one transaction. RENAME locks the name first: whoever connects then waits
 * at the server's door, and is sent away when the names have changed. Meanwhile another session ends those that are inside. So
 * nothing has to be closed, and nothing has to be opened again: whatever is interrupted, killed or fails, both databases are as before.
 * docs/decisions/0010-a-swap-closes-nothing.md
 */
import type { ClientBase } from 'pg';
import { Failure } from '../failure.ts';
import { quoteIdentifier } from '../postgres/connection.ts';
import { type Report, silent } from '../progress.ts';
import type { Settings } from '../settings.ts';
import { administer } from './database.ts';
import { checkFree, checkName } from './database-name.ts';

export type SwapOptions = {
  /** The database that takes the place. */
  from: string;
  /** The name it gets: that of the database which is replaced. */
  to: string;
  /** The name under which the replaced one is kept; `<to>_old` without it. No database has it. */
  keep?: string | undefined;
  report?: Report;
  signal?: AbortSignal | undefined;
};

export type Swapped = { from: string; to: string; keep: string; sessionsEnded: number };

/** How often it is tried: the server waits 5 s each time for sessions to end. */
const TRIES = 6;
/** Sessions may be in use, or a lock not be had, and the next try goes well. */
const AGAIN = new Set(['55006', '55P03', '40P01']);

/**
 * Renames `to` → `keep` and `from` → `to` at one instant, under clients that reconnect without pause.
 * @throws Failure database-name, database-exists, database-absent, swap-refused (nothing has changed); the signal's reason
 */
export async function swap(settings: Settings, options: SwapOptions): Promise<Swapped> {
  const { from, to, keep = `${to}_old`, report = silent, signal } = options;
  for (const name of [from, to, keep]) checkName(name);
  if (new Set([from, to, keep]).size < 3)
    throw new Failure('database-name', { name: keep, reason: 'the three names of a swap must differ' });
  report({ kind: 'stage', title: `Putting ${from} in the place of ${to}` });
  const renames: [string, string][] = [
    [to, keep],
    [from, to],
  ];
  const sessionsEnded = await rename(settings, renames, signal);
  return { from, to, keep, sessionsEnded };
}

/**
 * Takes a swap back: `keep` gets its name again, and what is in its place becomes `from`. The same three names as in the swap.
 * @throws Failure as of swap
 */
export async function undoSwap(settings: Settings, options: SwapOptions): Promise<Swapped> {
  const { from, to, keep = `${to}_old`, ...rest } = options;
  const { sessionsEnded } = await swap(settings, { ...rest, from: keep, to, keep: from });
  return { from, to, keep, sessionsEnded };
}

/**
 * Renames databases in one transaction, one after the other, and ends whoever uses them.
 * @returns how many sessions were ended
 * @throws Failure as of swap
 */
export async function rename(
  settings: Settings,
  renames: readonly (readonly [from: string, to: string])[],
  signal?: AbortSignal,
): Promise<number> {
  try {
    await using client = await administer(settings.postgres, signal);
    await using doorman = await administer(settings.postgres, signal);
    return await renameAll(client, doorman, renames, signal);
  } catch (error) {
    // An interruption ends both sessions, in whatever they are.
    signal?.throwIfAborted();
    throw error;
  }
}

async function renameAll(
  client: ClientBase,
  doorman: ClientBase,
  renames: readonly (readonly [from: string, to: string])[],
  signal: AbortSignal | undefined,
): Promise<number> {
  const oids = await look(client, renames);
  let ended = 0;
  for (let attempt = 1; ; attempt++) {
    const emptying = empty(doorman, oids);
    try {
      await client.query('BEGIN READ WRITE');
      await client.query("SET LOCAL lock_timeout = '20s'; SET LOCAL statement_timeout = 0");
      for (const [from, to] of renames)
        await client.query(`ALTER DATABASE ${quoteIdentifier(from)} RENAME TO ${quoteIdentifier(to)}`);
      signal?.throwIfAborted();
      await client.query('COMMIT');
      return ended + (await emptying.stop());
    } catch (cause) {
      ended += await emptying.stop();
      signal?.throwIfAborted();
      const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
      const message = emptying.refused() ?? (cause instanceof Error ? cause.message : String(cause));
      const hopeless = !AGAIN.has(code) || attempt === TRIES || emptying.refused() !== undefined;
      if (hopeless)
        throw new Failure('swap-refused', { names: renames.map(([from]) => from).join(', '), message }, { cause });
      await client.query('ROLLBACK');
    }
  }
}

async function look(client: ClientBase, renames: readonly (readonly [string, string])[]): Promise<number[]> {
  const leaving = new Set(renames.map(([from]) => from));
  for (const [, to] of renames) if (!leaving.has(to)) await checkFree(client, to);
  const oids: number[] = [];
  for (const [name] of renames) {
    const { rows } = await client.query<{ oid: number }>('SELECT oid FROM pg_database WHERE datname = $1', [name]);
    const [row] = rows;
    if (row === undefined) throw new Failure('database-absent', { name });
    oids.push(row.oid);
  }
  return oids;
}

/** Ends the sessions of these databases again and again until it is told to stop. */
function empty(doorman: ClientBase, oids: readonly number[]) {
  let over = false;
  let refused: string | undefined;
  const work = async (): Promise<number> => {
    let ended = 0;
    while (!over) {
      try {
        const { rows } = await doorman.query<{ ended: string }>(
          `SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) AS ended
           FROM pg_stat_activity
           WHERE datid = ANY ($1::oid[])
             -- The kind of other roles' sessions is not told to everybody; the server's own have no user.
             AND coalesce(backend_type = 'client backend', usesysid IS NOT NULL)`,
          [oids],
        );
        ended += Number(rows[0]?.ended ?? 0);
      } catch (error) {
        refused = error instanceof Error ? error.message : String(error);
        return ended;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return ended;
  };
  const working = work();
  return {
    refused: () => refused,
    stop: () => {
      over = true;
      return working;
    },
  };
}
