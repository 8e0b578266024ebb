/** The one way to talk to PostgreSQL: a client that is closed on every way out, and errors a person can act on. */
import pg from 'pg';
import { Failure } from '../failure.ts';
import type { Settings } from '../settings.ts';

export type Client = pg.Client & AsyncDisposable;
export type ConnectOptions = {
  /** Without it, the database of the settings. */
  database?: string;
  /** When it is aborted the session is ended on the server too, so that a long query does not go on without us. */
  signal?: AbortSignal | undefined;
};

/** How long a connection may take, in milliseconds. */
const CONNECT_MS = 10_000;

/**
 * Connects; `await using` ends the session.
 * @throws Failure postgres-unreachable, postgres-auth, database-missing, database-closed; the signal's reason when aborted
 */
export async function connect(settings: Settings['postgres'], options: ConnectOptions = {}): Promise<Client> {
  const { signal } = options;
  signal?.throwIfAborted();
  const database = options.database ?? settings.database;
  const client = await open(settings, database);
  // A connection that is lost between two queries must not end the process: the next query tells of it.
  client.on('error', () => {});
  let ending: Promise<void> | undefined;
  const abort = () => {
    ending = endSession(settings, database, client);
  };
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort, { once: true });
  return Object.assign(client, {
    async [Symbol.asyncDispose]() {
      signal?.removeEventListener('abort', abort);
      await ending;
      await client.end().catch(() => {});
    },
  });
}

/**
 * A database's name for the `--dbname` of PostgreSQL's programs, which read a bare name that holds `=` or begins with
 * `postgresql://` as a connection string, and may so write to another database.
 */
export function databaseArgument(name: string): string {
  return `--dbname=dbname='${name.replaceAll(/['\\]/g, String.raw`\$&`)}'`;
}

/** A name as SQL takes it: `Mixed "x"` → `"Mixed ""x"""`. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * The whole environment for one of PostgreSQL's programs. The password travels here and never in the arguments, which
 * every user of a machine can read. Ours goes along without its PG* variables, but those of TLS, and without secrets.
 */
export function environmentOf(
  settings: Settings['postgres'],
  database: string = settings.database,
): Record<string, string | undefined> {
  const ours = Object.entries(process.env).map(([name, value]): [string, string | undefined] => {
    const foreign = name.startsWith('PG') && !name.startsWith('PGSSL');
    return [name, foreign || /^(POSTGRES|MINIO)_/.test(name) ? undefined : value];
  });
  return {
    ...Object.fromEntries(ours),
    PGHOST: settings.host,
    PGPORT: String(settings.port),
    PGUSER: settings.user,
    PGPASSWORD: settings.password,
    PGDATABASE: database,
    PGAPPNAME: 'drillbook',
    PGCONNECT_TIMEOUT: String(CONNECT_MS / 1000),
    // Messages are read by this program and by people who search for them.
    LC_MESSAGES: 'C',
  };
}

async function open(settings: Settings['postgres'], database: string): Promise<pg.Client> {
  const client = new pg.Client({
    host: settings.host,
    port: settings.port,
    user: settings.user,
    password: settings.password,
    database,
    application_name: 'drillbook',
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
  });
  try {
    await client.connect();
    return client;
  } catch (cause) {
    client.on('error', () => {});
    await client.end().catch(() => {});
    throw connectionFailure(settings, database, cause);
  }
}

/**
 * The Failure for a query that failed while a database was read: the server's own words, or that it went away. What is
 * neither (a bug) is returned as it is.
 */
export function readingFailure(settings: Settings['postgres'], cause: unknown): unknown {
  const { database } = settings;
  const reason = messageOf(cause);
  const gone = /Connection terminated|terminating connection|shutting down|ECONNRESET|EPIPE|not queryable/i;
  if (gone.test(reason)) return new Failure('postgres-unreachable', { server: addressOf(settings), reason }, { cause });
  if (cause instanceof pg.DatabaseError) return new Failure('dump-failed', { database, message: reason }, { cause });
  return cause;
}

function connectionFailure(settings: Settings['postgres'], database: string, cause: unknown): Failure {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const server = addressOf(settings);
  const reason = cause instanceof AggregateError ? String(cause.errors[0]?.message) : messageOf(cause);
  if (code === '28P01' || code === '28000' || /SASL|password/i.test(reason))
    return new Failure('postgres-auth', { server, user: settings.user, reason }, { cause });
  if (code === '3D000') return new Failure('database-missing', { server, database }, { cause });
  const remedy = remedyFor(code, settings.user, database);
  if (remedy !== undefined)
    return new Failure('database-closed', { server, user: settings.user, database, reason, remedy }, { cause });
  return new Failure('postgres-unreachable', { server, reason }, { cause });
}

/** What opens a database to which the server, that answers, lets nobody or not us. */
function remedyFor(code: string, user: string, database: string): string | undefined {
  const [name, role] = [database, user].map(quoteIdentifier);
  if (code === '42501') return `As its owner: GRANT CONNECT ON DATABASE ${name} TO ${role};`;
  if (code === '55000') return `As a superuser: ALTER DATABASE ${name} ALLOW_CONNECTIONS true;`;
  if (code === '53300')
    return 'End sessions that nobody needs, or raise CONNECTION LIMIT of the database or the role, or max_connections.';
  return undefined;
}

/** For messages: `db:5432`, `[::1]:5432`. */
export function addressOf({ host, port }: Settings['postgres']): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Ends our session from another one; where that fails, the connection is cut and the server notices later. */
async function endSession(settings: Settings['postgres'], database: string, client: pg.Client): Promise<void> {
  try {
    // The number is the driver's own and missing from its types.
    const { processID } = client as unknown as { processID: number };
    const other = await open(settings, database);
    await other.query('SELECT pg_terminate_backend($1)', [processID]).finally(() => other.end());
  } catch {
    client.end().catch(() => {});
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
