/**
 * Whether the application can work now: its database answers and its tables are there. It looks by itself, so that it
 * comes back on its own after a restore, and writes a line whenever that changes.
 */
import type { Pool } from 'pg';
import { z } from 'zod';
import { logLine } from './log.ts';

/** Quoted and qualified names, as a JSON array. */
const TABLES = z.array(z.string()).parse(JSON.parse(process.env.KEY_TABLES || '[]'));
const INTERVAL_MS = 500;

export type Verdict = { ready: true; tables: number } | { ready: false; reason: string };
export type Readiness = { now(): Promise<Verdict>; stop(): void };

export function watchReadiness(pool: Pool): Readiness {
  let told: string | undefined;
  const tell = (verdict: Verdict) => {
    const line = verdict.ready ? 'ready' : verdict.reason;
    if (line === told) return;
    told = line;
    const database = process.env.PGDATABASE ?? '';
    if (verdict.ready) logLine('info', 'ready', { database, tables: verdict.tables });
    else logLine('warning', 'unavailable', { database, reason: verdict.reason });
  };
  const now = async () => {
    const verdict = await look(pool);
    tell(verdict);
    return verdict;
  };
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const again = async () => {
    await now();
    if (!stopped) timer = setTimeout(() => void again(), INTERVAL_MS);
  };
  void again();
  return {
    now,
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

async function look(pool: Pool): Promise<Verdict> {
  try {
    const { rows } = await pool.query<{ name: string; there: boolean }>(
      'SELECT name, to_regclass(name) IS NOT NULL AS there FROM unnest($1::text[]) AS name',
      [TABLES],
    );
    const missing = rows.filter((row) => !row.there).map((row) => row.name);
    return missing.length > 0
      ? { ready: false, reason: `missing tables: ${missing.join(', ')}` }
      : { ready: true, tables: rows.length };
  } catch (error) {
    return { ready: false, reason: error instanceof Error ? error.message : String(error) };
  }
}
