/** Makes a Compose lab: docker-compose.yml under names, ports and passwords of its own. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Failure } from '../../failure.ts';
import { type Client, connect, quoteIdentifier } from '../../postgres/connection.ts';
import { identify } from '../../process/identity.ts';
import type { Report } from '../../progress.ts';
import type { Lab } from '../lab.ts';
import { freePort } from '../local/ports.ts';
import { PLAIN_OWNER } from '../local/readers.ts';
import { PREFIX } from '../local/removal.ts';
import { newSecret } from '../local/state.ts';
import { builtFrom, versionOf } from '../programs/minio.ts';
import { compose, docker, OVERRIDE, VARIABLES } from './docker.ts';
import { enterEngine, keepWithLab, type LabEngine, stopUnlessUsed } from './engine.ts';
import { composeLab, settingsOf } from './lab.ts';
import { environmentFile, overrideFile } from './override.ts';
import { composeOrphans, removeAll } from './removal.ts';
import { containerOf, readState, type ServiceName, type State, writeState } from './state.ts';

export type ComposeLabOptions = {
  /** An empty or absent folder for its state; without it, a new one in the system's temporary folder. */
  folder?: string;
  /** Settings other than the addresses and credentials, such as POSTGRES_DB and KEY_TABLES. */
  env?: Record<string, string>;
  /** Rows of the sample, which the stack makes itself. */
  rows: number;
  report: Report;
  signal?: AbortSignal | undefined;
};

const UP_MS = 300_000;
const TRIES = 3;

/**
 * Starts the stack with the sample and the application, and without scheduled work.
 * @throws Failure those of the engine, and program-failed with what Compose said; nothing is left behind then
 */
export async function composeUp(options: ComposeLabOptions): Promise<Lab & AsyncDisposable> {
  const { report, signal } = options;
  await removeComposeOrphans();
  const engine = await enterEngine({ report, signal });
  try {
    const made = await startIn(engine, options);
    const down = async () => {
      await made.down();
      await engine[Symbol.asyncDispose]();
    };
    return { ...made, down, [Symbol.asyncDispose]: down };
  } catch (error) {
    await engine[Symbol.asyncDispose]();
    throw error;
  }
}

async function startIn(engine: LabEngine, options: ComposeLabOptions): Promise<Lab> {
  const { report, signal } = options;
  for (let tried = 1; ; tried += 1) {
    const folder = newFolder(options.folder);
    const state = await newState(engine, options);
    try {
      return composeLab(folder, await start(folder, state, { report, signal }));
    } catch (error) {
      await removeAll(folder, state);
      if (tried === TRIES || !isPortTaken(error)) throw error;
    }
  }
}

/** A lab that another process made, or this one. */
export function attachedCompose(folder: string): Lab | undefined {
  const state = readState(folder);
  if (state === undefined) return undefined;
  const lab = composeLab(folder, state);
  return {
    ...lab,
    async down() {
      await lab.down();
      await stopUnlessUsed(state);
    },
  };
}

/** False: there is no Compose lab in this folder. */
export function keepCompose(folder: string): boolean {
  const state = readState(folder);
  if (state === undefined) return false;
  writeState(folder, { ...state, owner: null });
  keepWithLab(state);
  return true;
}

/** The stack made anew, under the same addresses, with the same passwords. @throws Failure lab-missing */
export async function resetCompose(
  folder: string,
  options: { rows?: number; report: Report; signal?: AbortSignal | undefined },
): Promise<Lab> {
  const found = readState(folder);
  if (found === undefined) throw new Failure('lab-missing', { folder });
  const state = { ...found, rows: options.rows ?? found.rows };
  await compose(folder, state, ['down', '--volumes', '--timeout', '5'], { timeout: UP_MS });
  return composeLab(folder, await start(folder, state, options));
}

export async function removeComposeOrphans(): Promise<string[]> {
  const found = await composeOrphans();
  for (const { folder, state } of found) await removeAll(folder, state);
  return found.map(({ folder }) => folder);
}

async function start(
  folder: string,
  wanted: State,
  { report, signal }: { report: Report; signal?: AbortSignal | undefined },
): Promise<State> {
  // The mark comes first: from here on, whatever happens, this folder is known as ours.
  writeState(folder, wanted);
  mkdirSync(join(folder, 'log'), { recursive: true });
  writeFileSync(join(folder, OVERRIDE), overrideFile(wanted));
  writeFileSync(join(folder, VARIABLES), environmentFile(wanted), { mode: 0o600 });
  report({ kind: 'stage', title: 'Starting the stack with Docker Compose' });
  // Those that stay; what they need, and what runs once before them, Compose starts by itself.
  const services: ServiceName[] = ['postgres', 'minio', 'backend', 'backup'];
  await compose(folder, wanted, ['up', '--detach', '--wait', ...services], { timeout: UP_MS, signal });
  const settings = settingsOf(wanted);
  await using client = await connect(settings.postgres, { database: 'postgres', signal });
  await createPlainOwner(client, wanted);
  const state = { ...wanted, versions: await versionsOf(client, folder, wanted), toolbox: await toolboxOf(wanted) };
  writeState(folder, state);
  return state;
}

/** The reader who is no superuser; the other roles are the stack's own. */
async function createPlainOwner(client: Client, { secrets }: State): Promise<void> {
  const role = quoteIdentifier(PLAIN_OWNER);
  await client.query(`CREATE ROLE ${role} LOGIN CREATEDB PASSWORD '${secrets.plainOwner}'`);
  await client.query(`GRANT pg_signal_backend TO ${role}`);
}

async function versionsOf(client: Client, folder: string, state: State): Promise<State['versions']> {
  const { rows } = await client.query<{ version: string }>(`SELECT current_setting('server_version') AS version`);
  return {
    // Debian adds its package's version after a blank.
    postgres: rows[0]?.version.split(' ')[0] ?? 'unknown',
    minio: await versionIn('minio', 'minio', '/usr/bin/minio', folder, state),
    mc: await versionIn('mc', 'backup', '/usr/local/bin/mc', folder, state),
  };
}

/** What a release says itself; a program that Go built from its source has it in its file alone. */
async function versionIn(
  name: 'minio' | 'mc',
  service: ServiceName,
  path: string,
  folder: string,
  state: State,
): Promise<string> {
  const container = containerOf(state, service);
  const { stdout } = await docker(state, ['exec', container, name, '--version']);
  const said = versionOf(name, stdout) ?? 'unknown';
  if (said.startsWith('RELEASE.')) return said;
  const copy = join(folder, `${name}.copy`);
  try {
    const { status } = await docker(state, ['cp', '--quiet', `${container}:${path}`, copy]);
    return status === 0 ? builtFrom(copy, name) : said;
  } finally {
    rmSync(copy, { force: true });
  }
}

/** As a shell in the container has it, without what belongs to that one shell. */
async function toolboxOf(state: State): Promise<Record<string, string>> {
  const argv = ['exec', containerOf(state, 'backup'), 'bash', '-c', 'env --null'];
  const { status, stdout, stderr } = await docker(state, argv);
  if (status !== 0)
    throw new Failure('program-failed', { program: 'docker exec', status: String(status), message: stderr.trim() });
  const lines = stdout.split('\0').filter((line) => line.includes('='));
  const all = lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const);
  return Object.fromEntries(all.filter(([name]) => !['_', 'PWD', 'OLDPWD', 'SHLVL', 'HOSTNAME'].includes(name)));
}

async function newState(engine: LabEngine, { env = {}, rows }: ComposeLabOptions): Promise<State> {
  const state: State = {
    mark: 'drillbook lab',
    schema: 1,
    kind: 'compose',
    id: randomBytes(4).toString('hex'),
    createdAt: new Date().toISOString(),
    owner: (await identify(process.pid)) ?? null,
    ports: {
      postgres: await freePort(),
      minio: await freePort(),
      backend: await freePort(),
      metrics: await freePort(),
    },
    secrets: {
      administrator: newSecret(),
      plainOwner: newSecret(),
      application: newSecret(),
      // MinIO takes 3 to 20 characters as a user's name.
      access: newSecret().slice(0, 20),
      secret: newSecret(),
    },
    images: engine.images,
    client: engine.client,
    own: engine.own,
    env,
    rows,
    versions: { postgres: '', minio: '', mc: '' },
    toolbox: {},
  };
  settingsOf(state); // settings that are wrong are told before anything is made
  return state;
}

function newFolder(wanted?: string): string {
  const folder = wanted === undefined ? mkdtempSync(join(tmpdir(), PREFIX)) : resolve(wanted);
  if (existsSync(folder) && readdirSync(folder).length > 0) throw new Failure('lab-folder-taken', { folder });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return realpathSync(folder);
}

function isPortTaken(error: unknown): boolean {
  return error instanceof Failure && /port is already allocated|address already in use/i.test(error.message);
}
