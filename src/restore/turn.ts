/**
 * Drills side by side share a server's connections. Each waits for its turn before it restores, so that twenty of them do not take all
 * that the application needs.
 */
import type { ClientBase } from 'pg';
import type { Report } from '../progress.ts';

/** One drill works with at most so many sessions; turns take at most the eighth part of all connections for each. */
const SHARE = 8;
/** How often a free turn is looked for, in milliseconds. */
const INTERVAL_MS = 200;

/** Resolves when it is this drill's turn, which it keeps until its session ends. @throws the signal's reason */
export async function waitForTurn(admin: ClientBase, report: Report, signal: AbortSignal): Promise<void> {
  const { rows } = await admin.query<{ connections: number }>(
    "SELECT current_setting('max_connections')::int AS connections",
  );
  const turns = Math.max(1, Math.floor((rows[0]?.connections ?? SHARE) / SHARE));
  for (let waited = false; ; waited = true) {
    signal.throwIfAborted();
    const { rowCount } = await admin.query(
      `SELECT FROM generate_series(1, $1::int) AS turn
       WHERE pg_try_advisory_lock(hashtext('drillbook: turn of a drill'), turn) LIMIT 1`,
      [turns],
    );
    if (rowCount === 1) return;
    if (!waited) report({ kind: 'note', text: `Waiting: ${turns} drills work on this server already.` });
    await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
  }
}
