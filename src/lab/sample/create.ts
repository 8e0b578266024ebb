/**
 * The sample: FreshTrack, a multi-tenant application's database that holds what breaks restores in practice. The same
 * number of rows gives the same data on every machine.
 */
import { readFileSync } from 'node:fs';
import { type Client, connect, quoteIdentifier } from '../../postgres/connection.ts';
import { type Report, silent } from '../../progress.ts';
import type { Settings } from '../../settings.ts';
import type { Lab } from '../lab.ts';

export type SampleOptions = {
  /** About how many rows in all, 10,000 to 5,000,000. */
  rows?: number;
  /** Without it, the database of the lab's settings. It must not exist yet. */
  database?: string;
  /** Who owns the database and everything in it; `plain-owner` is no superuser. */
  owner?: 'administrator' | 'plain-owner';
  report?: Report;
  signal?: AbortSignal | undefined;
};

/** What of a lab is needed: where the server is, and each reader's credentials. */
type SampleLab = Pick<Lab, 'settings' | 'environment'>;

export const SAMPLE_ROWS = 100_000;
const LEAST_ROWS = 10_000;
const MOST_ROWS = 5_000_000;

/**
 * Makes the sample database, analysed and committed in one piece; after a failure or an abort there is none.
 * @throws RangeError for a number of rows outside the range; pg's error when the database exists
 */
export async function createSample(lab: SampleLab, options: SampleOptions = {}): Promise<void> {
  const { rows = SAMPLE_ROWS, report = silent, signal } = options;
  if (!Number.isInteger(rows) || rows < LEAST_ROWS || rows > MOST_ROWS)
    throw new RangeError(`The sample has ${LEAST_ROWS} to ${MOST_ROWS} rows, not ${rows}.`);
  const database = options.database ?? lab.settings.postgres.database;
  const owner = ownerOf(lab, options.owner ?? 'administrator');
  report({ kind: 'stage', title: `Making the sample database ${database} (${rows.toLocaleString('en')} rows)` });
  await using administration = await connect(owner, { database: 'postgres', signal });
  await administration.query(`CREATE DATABASE ${quoteIdentifier(database)} TEMPLATE template0 ENCODING 'UTF8'`);
  try {
    await using client = await connect(owner, { database, signal });
    await fill(client, rows, report);
    await describe(client, database);
  } catch (error) {
    await remove(owner, database);
    throw error;
  }
}

async function fill(client: Client, rows: number, report: Report): Promise<void> {
  const parts = ['schema', 'data', 'rules'] as const;
  await client.query('BEGIN');
  await client.query(`SELECT set_config('sample.rows', $1, true)`, [String(rows)]);
  for (const [done, part] of parts.entries()) {
    report({ kind: 'amount', done, total: parts.length, unit: 'steps' });
    await client.query(readFileSync(new URL(`${part}.sql`, import.meta.url), 'utf8'));
  }
  await client.query('COMMIT');
  await client.query('ANALYZE');
}

/** What belongs to the database itself. Only settings that its owner may set, so that its owner can restore them. */
async function describe(client: Client, database: string): Promise<void> {
  const name = quoteIdentifier(database);
  await client.query(`
    ALTER DATABASE ${name} SET search_path = public, reporting;
    ALTER DATABASE ${name} SET "DateStyle" = 'ISO, DMY';
    ALTER DATABASE ${name} SET "IntervalStyle" = 'iso_8601';
    ALTER DATABASE ${name} SET lock_timeout = '30s';
    REVOKE ALL ON DATABASE ${name} FROM PUBLIC;
    GRANT CONNECT, TEMPORARY ON DATABASE ${name} TO freshtrack_app;
    GRANT CONNECT ON DATABASE ${name} TO freshtrack_report;
    COMMENT ON DATABASE ${name} IS 'FreshTrack: the sample application''s database';
  `);
}

/** In a session of its own: the signal that ended the work would end this one too. */
async function remove(owner: Settings['postgres'], database: string): Promise<void> {
  await using client = await connect(owner, { database: 'postgres' });
  await client.query(`DROP DATABASE IF EXISTS ${quoteIdentifier(database)} WITH (FORCE)`);
}

function ownerOf(lab: SampleLab, owner: 'administrator' | 'plain-owner'): Settings['postgres'] {
  const env = lab.environment(owner);
  const { POSTGRES_USER: user = '', POSTGRES_PASSWORD: password = '' } = env;
  return { ...lab.settings.postgres, user, password };
}
