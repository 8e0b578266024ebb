/**
 * Brings rows from the staged database into a schema of their own in the target, before any table there is locked: COPY from one to the
 * other. The schema bears a mark; those of restores that were killed are removed by the next one.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Failure } from '../../failure.ts';
import { type Client, databaseArgument, environmentOf, quoteIdentifier } from '../../postgres/connection.ts';
import { postgresPrograms } from '../../postgres/programs.ts';
import { lastLines, stream } from '../../process.ts';
import type { Settings } from '../../settings.ts';
import type { Relation } from './relations.ts';

const MARK = 'Drillbook: rows of a restore, on their way';
const LOCK = "pg_try_advisory_lock(hashtextextended('drillbook ' || $1, 0))";

/** What the text of values depends on, alike at both ends whatever their database settings say. */
const ALIKE = [
  'DateStyle=ISO',
  'IntervalStyle=postgres',
  'TimeZone=UTC',
  'extra_float_digits=1',
  'bytea_output=hex',
  'lc_monetary=C',
  'xmloption=content',
  'row_security=off',
  'statement_timeout=0',
  'default_transaction_read_only=off',
  'synchronous_commit=off',
  'client_min_messages=warning',
];

/** Makes the schema; held by the session of `client` until it ends. Removes what killed restores left. */
export async function makeScratch(client: Client): Promise<string> {
  const { rows } = await client.query<{ name: string }>(
    "SELECT nspname::text AS name FROM pg_namespace WHERE obj_description(oid, 'pg_namespace') = $1 AND pg_has_role(nspowner, 'MEMBER')",
    [MARK],
  );
  for (const { name } of rows) {
    const lock = await client.query<{ free: boolean }>(`SELECT ${LOCK} AS free`, [name]);
    if (lock.rows[0]?.free === true) await client.query(`DROP SCHEMA ${quoteIdentifier(name)} CASCADE`);
  }
  const name = `drillbook_${randomBytes(4).toString('hex')}`;
  await client.query(`SELECT ${LOCK}`, [name]);
  await client.query(`BEGIN READ WRITE; CREATE SCHEMA ${name}; COMMENT ON SCHEMA ${name} IS '${MARK}'; COMMIT`);
  return name;
}

/** Copies each table's own rows; the table of the one at place `i` is `<scratch>.r<i>`. @throws Failure tables-refused */
export async function copyRows(
  settings: Settings,
  from: string,
  {
    client,
    scratch,
    relations,
    signal,
  }: { client: Client; scratch: string; relations: readonly Relation[]; signal: AbortSignal },
): Promise<void> {
  for (const [i, { quoted, columns, partitioned }] of relations.entries()) {
    if (partitioned) continue;
    const target = `${scratch}.r${i}`;
    await client.query(
      `CREATE UNLOGGED TABLE ${target} (${columns.map(({ name, type }) => `${name} ${type}`).join(', ')})`,
    );
    const list = columns.map(({ name }) => name).join(', ');
    await copy(
      settings,
      { from, signal },
      `COPY (SELECT ${list} FROM ONLY ${quoted}) TO STDOUT`,
      `COPY ${target} FROM STDIN`,
    );
  }
}

async function copy(
  settings: Settings,
  { from, signal }: { from: string; signal: AbortSignal },
  out: string,
  into: string,
): Promise<void> {
  const { bin } = await postgresPrograms();
  const { database } = settings.postgres;
  const start = (name: string, command: string) =>
    stream(join(bin, 'psql'), [databaseArgument(name), '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-c', command], {
      env: {
        ...environmentOf(settings.postgres, name),
        PGCLIENTENCODING: 'UTF8',
        PGOPTIONS: ALIKE.map((one) => `-c ${one}`).join(' '),
      },
      signal,
    });
  await using stack = new AsyncDisposableStack();
  const source = await start(from, out);
  stack.defer(() => source.kill());
  const target = await start(database, into);
  stack.defer(() => target.kill());
  source.stdin.end();
  target.stdout.resume();
  // Which of the two failed, and why, its own words tell.
  const piped = await pipeline(source.stdout, target.stdin).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (piped !== undefined) await Promise.all([source.kill(), target.kill()]);
  for (const ended of [await source.ended, await target.ended])
    if (ended.status !== 0) throw new Failure('tables-refused', { database, message: lastLines(ended.stderr) });
  if (piped !== undefined) throw piped;
}
