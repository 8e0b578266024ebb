/**
 * A throwaway PostgreSQL and MinIO for tests, on free loopback ports: `await using services = await startServices()`.
 * Both end with the test, also when its process is killed (`setpriv --pdeathsig`).
 */
import assert from 'node:assert/strict';
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Client as S3 } from 'minio';
import { freePort } from '../../src/lab/local/ports.ts';
import { connect, quoteIdentifier } from '../../src/postgres/connection.ts';
import { postgresPrograms } from '../../src/postgres/programs.ts';
import { type Running, runOrFail, stream } from '../../src/process.ts';
import type { Settings } from '../../src/settings.ts';

export { freePort };

const SUPERUSER = { user: 'freshtrack', password: 'pg-Secret-7c1' };
const STORE_KEYS = { accessKey: 'access-Key-4f2', secretKey: 'store-Secret-9d3' };

export type Services = AsyncDisposable & {
  folder: string;
  /** A superuser and the store's root; database `freshtrack` and bucket `postgres-backups` exist and are empty. */
  settings: Settings;
  /** The settings with another database, bucket, user, … */
  with(change: { postgres?: Partial<Settings['postgres']>; store?: Partial<Settings['store']> }): Settings;
  /** What a command line needs: PATH, HOME and the settings as environment variables. */
  environment(settings?: Settings): Record<string, string>;
  /** Runs SQL as the superuser and returns the last statement's rows. */
  sql(text: string, database?: string): Promise<Record<string, unknown>[]>;
  /** Makes an empty database, or one from a template, and returns its name. */
  database(name?: string, template?: string): Promise<string>;
  /** Makes an empty bucket and returns its name. */
  bucket(): Promise<string>;
  /** The store without our own code in between. */
  s3: S3;
  postgres: { pid: number; stop(signal?: NodeJS.Signals): Promise<void>; start(): Promise<void> };
  minio: { pid: number; stop(signal?: NodeJS.Signals): Promise<void>; start(): Promise<void> };
};

/** Starts both within a few seconds; throws with the server's own last words when one does not come up. */
export async function startServices(): Promise<Services> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'drillbook-test-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  await chmod(folder, 0o711);
  const [postgres, minio] = await Promise.all([startPostgres(stack, folder), startMinio(stack, folder)]);
  const settings: Settings = {
    postgres: { host: '127.0.0.1', port: postgres.port, ...SUPERUSER, database: 'freshtrack' },
    store: {
      endpoint: new URL(`http://127.0.0.1:${minio.port}`),
      ...STORE_KEYS,
      bucket: 'postgres-backups',
      prefix: '',
      region: 'us-east-1',
      virtualHost: false,
      ca: undefined,
      timeout: 60,
    },
    keyTables: [],
    minTables: 1,
    keepDays: 30,
    keepCount: 0,
    smallPercent: 50,
  };
  const s3 = new S3({
    endPoint: '127.0.0.1',
    port: minio.port,
    useSSL: false,
    region: 'us-east-1',
    ...STORE_KEYS,
    retryOptions: { disableRetry: true },
  });
  const sql = async (text: string, database = 'postgres') => {
    await using client = await connect(settings.postgres, { database });
    const result: unknown = await client.query(text);
    // Several statements give an array of results, which the driver's types do not say.
    const last = (Array.isArray(result) ? result.at(-1) : result) as { rows: Record<string, unknown>[] };
    return last.rows;
  };
  await Promise.all([
    until(async () => (await sql('SELECT 1').catch(() => [])).length > 0, 'PostgreSQL answers', postgres.words),
    until(
      () =>
        s3.bucketExists('none').then(
          () => true,
          () => false,
        ),
      'MinIO answers',
      minio.words,
    ),
  ]);
  await sql('CREATE DATABASE freshtrack TEMPLATE template0');
  await s3.makeBucket(settings.store.bucket);
  let made = 0;
  const services = stack.move();
  return {
    folder,
    settings,
    s3,
    sql,
    postgres,
    minio,
    with: (change) => ({
      ...settings,
      postgres: { ...settings.postgres, ...change.postgres },
      store: { ...settings.store, ...change.store },
    }),
    environment: (chosen = settings) => environmentFor(chosen),
    async database(name = `test_${++made}`, template = 'template0') {
      await sql(`CREATE DATABASE ${quoteIdentifier(name)} TEMPLATE ${quoteIdentifier(template)}`);
      return name;
    },
    async bucket() {
      const name = `bucket-${++made}`;
      await s3.makeBucket(name);
      return name;
    },
    [Symbol.asyncDispose]: () => services.disposeAsync(),
  };
}

/** Polls until `condition` is true; the failure says what was waited for. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  words: () => Promise<string> | string = () => '',
): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await condition())) {
    if (Date.now() > deadline) assert.fail(`waited a minute, but never: ${what} ${await words()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function startPostgres(stack: AsyncDisposableStack, folder: string) {
  const { bin } = await postgresPrograms();
  const data = join(folder, 'postgres');
  await mkdir(data, { mode: 0o700 });
  const own = await otherUser();
  if (own !== undefined) await chown(data, own.uid, own.gid);
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, SUPERUSER.password);
  const initdb = [join(bin, 'initdb'), '-D', data, '-U', SUPERUSER.user, `--pwfile=${passwordFile}`];
  const look = ['-A', 'scram-sha-256', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'];
  await runOrFail('setpriv', [...privileges(own), ...initdb, ...look], { cwd: folder, timeout: 120_000 });
  const port = await freePort();
  const options = ['listen_addresses=127.0.0.1', `port=${port}`, 'unix_socket_directories=', 'fsync=off'];
  const settings = [...options, 'max_connections=60', 'shared_buffers=64MB'].flatMap((option) => ['-c', option]);
  const command = [...privileges(own), '--pdeathsig', 'QUIT', join(bin, 'postgres'), '-D', data, ...settings];
  // Not spread: `pid` is read anew after a restart.
  return Object.assign(await service(stack, folder, command, 'SIGINT', {}), { port });
}

async function startMinio(stack: AsyncDisposableStack, folder: string) {
  const cached = join(process.env.HOME ?? '', '.cache/drillbook/bin');
  const port = await freePort();
  const command = ['--pdeathsig', 'KILL', 'minio', 'server', '--quiet', '--address', `127.0.0.1:${port}`];
  const env = {
    PATH: `${process.env.PATH}${delimiter}${cached}`,
    HOME: folder,
    MINIO_ROOT_USER: STORE_KEYS.accessKey,
    MINIO_ROOT_PASSWORD: STORE_KEYS.secretKey,
    MINIO_BROWSER: 'off',
  };
  return Object.assign(await service(stack, folder, [...command, join(folder, 'minio')], 'SIGTERM', env), { port });
}

/** A server that the stack stops; `stop` and `start` are for tests about servers that are away. */
async function service(
  stack: AsyncDisposableStack,
  cwd: string,
  command: string[],
  signal: NodeJS.Signals,
  env: Record<string, string>,
) {
  let running: Running | undefined;
  const start = async () => {
    running = await stream('setpriv', command, { cwd, env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8', ...env } });
    running.stdin.end();
    running.stdout.resume();
  };
  const stop = async (how = signal) => {
    const ending = running;
    running = undefined;
    if (ending === undefined) return;
    process.kill(ending.pid, how);
    await ending.ended;
  };
  await start();
  stack.defer(() => stop());
  return {
    get pid() {
      return running?.pid ?? 0;
    },
    start,
    stop,
    words: async () => (running === undefined ? '' : JSON.stringify(await Promise.race([running.ended, 'it runs']))),
  };
}

/** PostgreSQL refuses to run as root; then Debian's user `postgres` does. */
async function otherUser(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const { stdout } = await runOrFail('id', ['-u', 'postgres']);
  const { stdout: group } = await runOrFail('id', ['-g', 'postgres']);
  return { uid: Number(stdout), gid: Number(group) };
}

function privileges(user: { uid: number; gid: number } | undefined): string[] {
  return user === undefined ? [] : [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups'];
}

function environmentFor(settings: Settings): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    HOME: process.env.HOME ?? '',
    POSTGRES_HOST: settings.postgres.host,
    POSTGRES_PORT: String(settings.postgres.port),
    POSTGRES_USER: settings.postgres.user,
    POSTGRES_PASSWORD: settings.postgres.password,
    POSTGRES_DB: settings.postgres.database,
    MINIO_ENDPOINT: settings.store.endpoint.origin,
    MINIO_ACCESS_KEY: settings.store.accessKey,
    MINIO_SECRET_KEY: settings.store.secretKey,
    MINIO_BUCKET: settings.store.bucket,
    MINIO_PREFIX: settings.store.prefix,
    MINIO_REGION: settings.store.region,
    MIN_TABLES: String(settings.minTables),
    KEY_TABLES: settings.keyTables
      .map(({ schema, name }) => `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`)
      .join(','),
    BACKUP_KEEP_DAYS: String(settings.keepDays),
    BACKUP_KEEP_COUNT: String(settings.keepCount),
    BACKUP_SMALL_PERCENT: String(settings.smallPercent),
  };
}
