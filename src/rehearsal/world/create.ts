/** Makes a world: one good backup, a copy of each database, and of everything else that a page could change. */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Manifest, parseManifest } from '../../backup/manifest.ts';
import { Failure } from '../../failure.ts';
import type { Lab } from '../../lab/lab.ts';
import { connectAdmin } from '../../lab/scenarios/admin.ts';
import { copyDatabase, type DatabaseProperties, dropDatabase } from '../../lab/scenarios/database.ts';
import { MANIFEST } from '../../lab/scenarios/kept.ts';
import type { KeptBackup } from '../../lab/scenarios/scenario.ts';
import { quoteIdentifier } from '../../postgres/connection.ts';
import { type Report, silent } from '../../progress.ts';
import { compareContent } from '../../restore/proof.ts';
import type { Settings, TableName } from '../../settings.ts';
import { openStore } from '../../store/store.ts';
import { keepBackup, takeKept } from './backups.ts';
import { type Kept, markOf, visibleDatabases } from './kept.ts';
import { keepObjects } from './objects.ts';
import { observe } from './observe.ts';
import { readRoles } from './roles.ts';
import { readServerSettings } from './server-settings.ts';
import type { World } from './types.ts';

export type WorldOptions = {
  /** Without it, the database of the lab's settings. It exists already. */
  database?: string;
  /** For a database other than the lab's; without them none, and at least one table. */
  keyTables?: TableName[];
  minTables?: number;
  /** A backup that is already in the store, with a manifest; without it one is taken. */
  backup?: string;
  report?: Report;
  signal?: AbortSignal;
};

/**
 * Takes a good backup of the database and remembers the state of the whole lab.
 * @throws Failure database-missing, world-unfaithful, and those of a backup
 */
export async function createWorld(lab: Lab, options: WorldOptions = {}): Promise<World> {
  const { report = silent, signal } = options;
  await using stack = new AsyncDisposableStack();
  const settings = settingsFor(lab, options);
  const kept = await newKept(lab);
  stack.defer(() => rm(kept.folder, { recursive: true, force: true }));
  // The copies need the databases for themselves.
  await lab.services.backend.stop();
  if (kept.application) stack.defer(() => lab.services.backend.start());
  report({ kind: 'stage', title: `Taking a good backup of ${settings.postgres.database} to rehearse with` });
  const backup = await goodBackup(lab, settings, kept, options);
  const manifest = await manifestOf(backup);
  stack.defer(() => removeCopies(settings, kept));
  report({ kind: 'stage', title: 'Keeping a copy of the lab as it is' });
  await keepDatabases(await keepServer(settings, kept, signal), settings, kept);
  await keepObjects(openStore(settings.store), kept);
  const pristine = await observe({ settings, kept }, signal);
  mustBeFaithful(manifest, pristine.databases.find(({ name }) => name === settings.postgres.database)?.content);
  if (kept.application) await lab.services.backend.start();
  const made = stack.move();
  return {
    lab,
    settings,
    database: settings.postgres.database,
    backup,
    manifest,
    pristine,
    kept,
    [Symbol.asyncDispose]: () => made.disposeAsync(),
  };
}

export async function manifestOf(backup: KeptBackup): Promise<Manifest> {
  const name = `${backup.name}${MANIFEST}`;
  return parseManifest(await readFile(join(backup.folder, name), 'utf8'), name);
}

async function newKept(lab: Lab): Promise<Kept> {
  await mkdir(join(lab.folder, 'work'), { recursive: true });
  return {
    prefix: `drillbook_world_${randomBytes(4).toString('hex')}_`,
    folder: await mkdtemp(join(lab.folder, 'work', 'world-')),
    databases: [],
    roles: [],
    server: new Map(),
    objects: new Map(),
    application: await lab.services.backend.running(),
    once: new Map(),
    lastTaken: 0,
    original: undefined,
  };
}

function settingsFor(lab: Lab, { database, keyTables, minTables }: WorldOptions): Settings {
  const { settings } = lab;
  if (database === undefined || database === settings.postgres.database)
    return { ...settings, keyTables: keyTables ?? settings.keyTables, minTables: minTables ?? settings.minTables };
  const postgres = { ...settings.postgres, database };
  return { ...settings, postgres, keyTables: keyTables ?? [], minTables: minTables ?? 1 };
}

async function goodBackup(
  lab: Lab,
  settings: Settings,
  kept: Kept,
  { backup, report, signal }: WorldOptions,
): Promise<KeptBackup> {
  if (backup !== undefined) return keepBackup(settings, kept, backup);
  return takeKept(lab, settings, kept, { ...(report === undefined ? {} : { report }), signal });
}

/** Notes roles and settings, and returns the databases. */
async function keepServer(settings: Settings, kept: Kept, signal?: AbortSignal): Promise<DatabaseProperties[]> {
  await using server = await connectAdmin(settings.postgres, 'postgres', signal);
  kept.roles = await readRoles(server);
  kept.server = await readServerSettings(server);
  return await visibleDatabases(server, kept);
}

async function keepDatabases(databases: DatabaseProperties[], settings: Settings, kept: Kept): Promise<void> {
  for (const [number, properties] of databases.entries()) {
    const { name } = properties;
    const template = `${kept.prefix}${number}`;
    const { all, tables } = await markIn(settings, name);
    // From a session in another database: a copy needs its source for itself.
    await using server = await connectAdmin(settings.postgres, name === 'postgres' ? 'template1' : 'postgres');
    kept.databases.push({ properties, template, mark: all, holdsTables: tables });
    await copyDatabase(server, name, template);
    await server.query(`ALTER DATABASE ${quoteIdentifier(template)} ALLOW_CONNECTIONS false IS_TEMPLATE true`);
  }
}

async function markIn(settings: Settings, database: string) {
  await using client = await connectAdmin(settings.postgres, database);
  return await markOf(client);
}

async function removeCopies(settings: Settings, kept: Kept): Promise<void> {
  await using server = await connectAdmin(settings.postgres, 'postgres');
  for (const { template } of kept.databases) await dropDatabase(server, template);
}

/** A world whose production differs from its backup would prove nothing. */
function mustBeFaithful({ database, content }: Manifest, actual: Manifest['content'] | undefined): void {
  const [first] = actual === undefined ? [{ text: 'it is not there' }] : compareContent(content, actual);
  if (first !== undefined) throw new Failure('world-unfaithful', { database, difference: first.text });
}
