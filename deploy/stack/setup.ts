/**
 * What a new stack needs before its services start: the bucket, the roles, and the sample database. On a stack that has been set up
 * it changes nothing. A database is made on a new server only, and never where the bucket holds backups of it: a server
 * that was lost is waiting for its data then, and a sample would be taken for it.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listBackups } from '../../src/backup/catalogue.ts';
import { work } from '../../src/cli/command.ts';
import { createSample } from '../../src/lab/sample/create.ts';
import { type Client, connect, quoteIdentifier } from '../../src/postgres/connection.ts';
import { runOrFail } from '../../src/process.ts';
import { readSettings, type Settings } from '../../src/settings.ts';
import { openStore } from '../../src/store/store.ts';
import { storeAlias } from '../backup/store-alias.ts';

/** The comment on the application's role says that the set-up was completed; it is written last. */
const DONE = 'set up by Drillbook';
const SAMPLE = 'freshtrack';
const MONITOR = 'freshtrack_monitor';

process.exitCode = await work(async ({ report, print, signal }) => {
  const settings = readSettings();
  const { database } = settings.postgres;
  await makeBucket(settings, signal);
  await using client = await connect(settings.postgres, { database: 'postgres', signal });
  // Before that look: a stack that is older than this role gets it with its next start.
  await createMonitor(client);
  if (await isDone(client)) {
    print('The stack is set up already; nothing was changed.\n');
    return 0;
  }
  await createRoles(client, secret('APPLICATION_PASSWORD_FILE'));
  const backups = await listBackups(openStore(settings.store), database);
  if (await exists(client, database)) print(`Database ${database} is there and stays as it is.\n`);
  else if (backups.length > 0)
    print(
      `Database ${database} is not there, but ${backups.length} backups of it are: restore one. No sample was made.`,
    );
  else if (database === SAMPLE) {
    const environment = () => ({
      POSTGRES_USER: settings.postgres.user,
      POSTGRES_PASSWORD: settings.postgres.password,
    });
    await createSample({ settings, environment }, { report, signal, ...rows() });
    print(`Made the sample database ${database}.\n`);
  } else {
    await client.query(`CREATE DATABASE ${quoteIdentifier(database)} TEMPLATE template0`);
    print(`Made the empty database ${database}.\n`);
  }
  await client.query(`COMMENT ON ROLE freshtrack_app IS '${DONE}'`);
  return 0;
});

function rows(): { rows?: number } {
  return process.env.SAMPLE_ROWS ? { rows: Number(process.env.SAMPLE_ROWS) } : {};
}

async function makeBucket({ store }: Settings, signal: AbortSignal): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'mc-'));
  try {
    writeFileSync(join(folder, 'config.json'), storeAlias(store), { mode: 0o600 });
    const env = { PATH: process.env.PATH, HOME: folder, MC_CONFIG_DIR: folder };
    await runOrFail('mc', ['mb', '--ignore-existing', `store/${store.bucket}`], { env, signal, timeout: 60_000 });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function isDone(client: Client): Promise<boolean> {
  const { rows } = await client.query(
    `SELECT 1 FROM pg_roles WHERE rolname = 'freshtrack_app' AND shobj_description(oid, 'pg_authid') = $1`,
    [DONE],
  );
  return rows.length > 0;
}

async function exists(client: Client, database: string): Promise<boolean> {
  return (await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [database])).rows.length > 0;
}

/** Reads the server's statistics for the exporter, and no table. */
async function createMonitor(client: Client): Promise<void> {
  const { rows } = await client.query(`SELECT 1 FROM pg_roles WHERE rolname = '${MONITOR}'`);
  if (rows.length > 0) return;
  const password = client.escapeLiteral(secret('MONITOR_PASSWORD_FILE'));
  await client.query(`CREATE ROLE ${MONITOR} LOGIN CONNECTION LIMIT 5 IN ROLE pg_monitor PASSWORD ${password}`);
}

function secret(name: string): string {
  return readFileSync(process.env[name] ?? '', 'utf8').trim();
}

/** The application's role, to which row-level security applies, and the one that reads for reports. */
async function createRoles(client: Client, password: string): Promise<void> {
  const { rows } = await client.query<{ rolname: string }>('SELECT rolname FROM pg_roles');
  const has = (role: string) => rows.some((row) => row.rolname === role);
  if (!has('freshtrack_report')) await client.query('CREATE ROLE freshtrack_report NOLOGIN');
  if (!has('freshtrack_app'))
    await client.query(`CREATE ROLE freshtrack_app LOGIN PASSWORD ${client.escapeLiteral(password)}`);
}
