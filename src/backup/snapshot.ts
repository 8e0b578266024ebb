/** One instant of a database, held open: pg_dump and the manifest both read it, so they describe the same content. */
import { type Client, connect, readingFailure } from '../postgres/connection.ts';
import { type Content, withSequencesUntil } from '../postgres/content.ts';
import { readContent, readSequences } from '../postgres/fingerprint.ts';
import type { Report } from '../progress.ts';
import type { Settings } from '../settings.ts';

export type Snapshot = AsyncDisposable & {
  /** What `pg_dump --snapshot` takes. */
  readonly id: string;
  readonly takenAt: Date;
  /** Of the server, e.g. `15.18`. */
  readonly server: string;
  /** Bytes on the server's disk. */
  readonly databaseSize: number;
  /** @throws Failure dump-failed, postgres-unreachable */
  content(report: Report): Promise<Content>;
  /** What `content` said, with the sequences from before the dump to now: they stand outside of snapshots and go on during it. */
  withSequences(content: Content): Promise<Content>;
};

/** @throws Failure postgres-unreachable, postgres-auth, database-missing, dump-failed */
export async function openSnapshot(settings: Settings['postgres'], signal: AbortSignal): Promise<Snapshot> {
  await using stack = new AsyncDisposableStack();
  const client = stack.use(await connect(settings, { signal }));
  const reading = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (cause) {
      signal.throwIfAborted();
      throw readingFailure(settings, cause);
    }
  };
  const row = await reading(() => begin(client));
  // Read before a dump can begin: the dump's positions lie between these and those of `withSequences`.
  const earlier = await reading(() => readSequences(client));
  const session = stack.move();
  return {
    id: row.id,
    takenAt: row.taken_at,
    server: row.server.split(' ')[0] ?? row.server,
    databaseSize: Number(row.size),
    content: (report) => reading(() => readContent(client, { report })),
    withSequences: (content) =>
      reading(async () => withSequencesUntil({ ...content, sequences: earlier }, await readSequences(client))),
    [Symbol.asyncDispose]: () => session.disposeAsync(),
  };
}

type Begun = { id: string; taken_at: Date; server: string; size: string };

async function begin(client: Client): Promise<Begun> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  await client.query('SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0');
  const { rows } = await client.query<Begun>(`
    SELECT pg_export_snapshot() AS id,
           clock_timestamp() AS taken_at,
           current_setting('server_version') AS server,
           pg_database_size(current_database()) AS size`);
  const [row] = rows;
  if (row === undefined) throw new Error('pg_export_snapshot() gave no row');
  return row;
}
