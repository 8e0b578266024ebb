/**
 * Makes a local lab: PostgreSQL and MinIO as programs of this machine, without Docker. Labs of both kinds are found, kept,
 * reset and removed here.
 */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Failure } from '../failure.ts';
import { connect } from '../postgres/connection.ts';
import { serverUser } from '../postgres/server-user.ts';
import { cacheFolder } from '../process/find.ts';
import { identify } from '../process/identity.ts';
import type { Report } from '../progress.ts';
import { attachedCompose, keepCompose, removeComposeOrphans, resetCompose } from './compose/up.ts';
import type { Lab } from './lab.ts';
import { localLab, settingsOf } from './local/local.ts';
import { makeBucket, prepareMinio } from './local/minio.ts';
import { freePort } from './local/ports.ts';
import { initialise } from './local/postgres.ts';
import { isOpen, reachablePrograms } from './local/reachable.ts';
import { prepareReaders, tmpOf } from './local/readers.ts';
import { orphans, PREFIX, removeRemains } from './local/removal.ts';
import { createRoles } from './local/roles.ts';
import { newSecret, readState, type State, writeState } from './local/state.ts';
import { provideMinio, providePostgres } from './programs.ts';

export type LabOptions = {
  /** An empty or absent folder to make it in; without it, a new one in the system's temporary folder. */
  folder?: string;
  /** Settings other than the addresses and credentials, such as POSTGRES_DB and KEY_TABLES. */
  env?: Record<string, string>;
  report: Report;
  signal?: AbortSignal | undefined;
};

/** How often ports are chosen anew when another program was quicker to take one. */
const TRIES = 5;

/**
 * Starts PostgreSQL and MinIO with an empty bucket and the roles of the sample; the database and the application are
 * made and started by `createSample`. Labs of processes that died are removed on the way.
 * @throws Failure program-missing, service-not-started, lab-folder-taken; the signal's reason when aborted. Nothing is
 * left behind then.
 */
export async function labUp(options: LabOptions): Promise<Lab & AsyncDisposable> {
  const { report, signal } = options;
  await removeOrphans();
  report({ kind: 'stage', title: 'Finding PostgreSQL and MinIO' });
  const postgres = await providePostgres({ report, signal });
  const store = await provideMinio({ report, signal });
  const programs = { postgres: postgres.bin, minio: store.minio, mc: store.mc };
  const versions = { postgres: postgres.version, ...store.versions };
  for (let tried = 1; ; tried += 1) {
    const folder = newFolder(options.folder);
    try {
      const lab = await start(folder, await newState({ programs, versions, options }), options);
      return Object.assign(lab, { [Symbol.asyncDispose]: () => lab.down() });
    } catch (error) {
      await (attached(folder)?.down() ?? removeRemains(folder));
      if (tried === TRIES || !isPortTaken(error)) throw error;
    }
  }
}

/**
 * The lab that some process made in this folder.
 * @throws Failure lab-missing
 */
export async function attachLab(folder: string): Promise<Lab & AsyncDisposable> {
  const lab = attached(resolve(folder)) ?? attachedCompose(resolve(folder));
  if (lab === undefined) throw new Failure('lab-missing', { folder });
  return Object.assign(lab, { [Symbol.asyncDispose]: () => lab.down() });
}

/**
 * Makes the lab in this folder anew, as `labUp` leaves it: under the same addresses, with the same passwords.
 * @throws Failure lab-missing, service-not-started, service-port-taken
 */
export async function resetLab(
  folder: string,
  options: Pick<LabOptions, 'report' | 'signal'> & {
    /** Of the sample, where the lab makes it itself. */
    rows?: number;
  },
): Promise<Lab> {
  const lab = await attachLab(folder);
  if (lab.kind === 'compose') return resetCompose(lab.folder, options);
  const state = readState(lab.folder);
  if (state === undefined) throw new Failure('lab-missing', { folder });
  for (const service of [lab.services.backend, lab.services.minio, lab.services.postgres]) await service.stop();
  for (const name of readdirSync(lab.folder))
    if (name !== 'lab.json' && name !== 'programs') rmSync(join(lab.folder, name), { recursive: true, force: true });
  return start(lab.folder, state, options);
}

/** From now on the lab stays when the process that made it ends; until then the next `labUp` would remove it. */
export function keepLab(folder: string): void {
  if (keepCompose(folder)) return;
  const state = readState(folder);
  if (state === undefined) throw new Failure('lab-missing', { folder });
  writeState(folder, { ...state, owner: null });
}

/** Removes the labs whose owner ended without doing it. */
export async function removeOrphans(): Promise<string[]> {
  const found = await orphans();
  for (const folder of found) await attached(folder)?.down();
  return [...found, ...(await removeComposeOrphans())];
}

async function start(
  folder: string,
  wanted: State,
  { report, signal }: Pick<LabOptions, 'report' | 'signal'>,
): Promise<Lab> {
  // The mark comes first: from here on, whatever happens, this folder is known as ours.
  writeState(folder, wanted);
  const state = { ...wanted, programs: reachable(folder, wanted.programs) };
  writeState(folder, state);
  for (const path of [join(folder, 'log'), tmpOf(folder)]) mkdirSync(path);
  const lab = localLab(folder, state);
  report({ kind: 'stage', title: 'Starting PostgreSQL' });
  await initialise(folder, state, signal);
  await lab.services.postgres.start();
  {
    await using client = await connect(lab.settings.postgres, { database: 'postgres', signal });
    await createRoles(client, state);
  }
  report({ kind: 'stage', title: 'Starting MinIO' });
  prepareMinio(folder, state);
  await lab.services.minio.start();
  signal?.throwIfAborted();
  await makeBucket(folder, state, lab.settings.store.bucket);
  prepareReaders(folder, state);
  signal?.throwIfAborted();
  return lab;
}

function reachable(folder: string, programs: State['programs']): State['programs'] {
  return { ...programs, postgres: reachablePrograms(folder, programs.postgres, cacheFolder(process.env)) };
}

function attached(folder: string): Lab | undefined {
  const state = readState(folder);
  return state === undefined ? undefined : localLab(folder, state);
}

async function newState(lab: Pick<State, 'programs' | 'versions'> & { options: LabOptions }): Promise<State> {
  const { programs, versions, options } = lab;
  const state: State = {
    mark: 'drillbook lab',
    schema: 1,
    kind: 'local',
    createdAt: new Date().toISOString(),
    owner: (await identify(process.pid)) ?? null,
    ports: { postgres: await freePort(), minio: await freePort(), backend: await freePort() },
    secrets: {
      administrator: newSecret(),
      plainOwner: newSecret(),
      application: newSecret(),
      access: newSecret().slice(0, 20),
      secret: newSecret(),
    },
    programs,
    versions,
    env: options.env ?? {},
  };
  settingsOf(state); // settings that are wrong are told before anything is made
  return state;
}

/** PostgreSQL's own user must be able to enter it; what is secret inside is readable by its owner only. */
function newFolder(wanted?: string): string {
  const folder = wanted === undefined ? mkdtempSync(join(tmpdir(), PREFIX)) : resolve(wanted);
  if (existsSync(folder) && readdirSync(folder).length > 0) throw new Failure('lab-folder-taken', { folder });
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o711);
  if (serverUser() === undefined || isOpen(realpathSync(folder))) return realpathSync(folder);
  rmdirSync(folder);
  throw new Failure('lab-folder-closed', { folder });
}

function isPortTaken(error: unknown): boolean {
  if (!(error instanceof Failure)) return false;
  return error.code === 'service-port-taken' || /address already in use|port is already in use/i.test(error.message);
}
