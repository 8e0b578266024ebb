/**
 * A drill: restore a backup into a throwaway database, prove it equal to its manifest, and leave nothing behind but the
 * verdict. What is found to be wrong with the backup is a verdict; what keeps the drill from deciding is thrown.
 */
import { type Backup, findBackup } from '../backup/catalogue.ts';
import type { Manifest } from '../backup/manifest.ts';
import { Failure } from '../failure.ts';
import { checkReadable } from '../postgres/archive.ts';
import { type OpenedArchive, openArchive } from '../postgres/opened.ts';
import { withPrograms } from '../postgres/programs.ts';
import { type Report, silent } from '../progress.ts';
import type { Settings } from '../settings.ts';
import { openStore, type Store } from '../store/store.ts';
import { type Contents, readArchive } from './contents.ts';
import {
  aboutTheBackup,
  compareWithChecksums,
  emptiness,
  fetchArchive,
  type ManifestRead,
  readManifest,
} from './fetch.ts';
import { type WorkingFolder, workingFolder } from './folder.ts';
import { makeOwnDatabase, type OwnDatabase } from './own.ts';
import { type DrillPlace, PLACE_FORM, parsePlace } from './place.ts';
import { extensionsAreAvailable, extensionsIn } from './preflight.ts';
import { type Difference, firstOfEachKind } from './proof.ts';
import { keepVerdict } from './record.ts';
import { type Proof, proveRestored } from './restored.ts';
import { type DrillServer, openServer } from './server.ts';
import { size } from './size.ts';
import { restoreInStages } from './stages.ts';
import { inTestDatabase, testDatabaseName } from './test-database.ts';
import type { Verdict } from './verdict.ts';

export type DrillOptions = {
  /** The object's name; the newest backup without it. */
  backup?: string | undefined;
  /** Where it runs: `given`, `own`, `own:<major>`, `own:<folder>`. Without it, what the settings say. */
  server?: string | undefined;
  report?: Report;
  signal?: AbortSignal;
  /** What time it is; decides the name of the verdict. */
  now?: () => Date;
};

/** What a drill works with and finds out on its way. */
type Work = {
  /** With the address of the server that the drill works on. */
  settings: Settings;
  store: Store;
  backup: Backup;
  /** What became of reading the manifest; `manifest` is it, where it could be read. */
  read: ManifestRead;
  manifest: Manifest | undefined;
  server: DrillServer;
  testDatabase: string;
  report: Report;
  signal: AbortSignal;
  phases: Verdict['phases'];
  compared: string[];
  notProven: string[];
};

/** What is wrong with the backup; empty when nothing was found. */
type Findings = { reasons: string[]; differences: Difference[]; proof?: Proof; sha256?: string };

/**
 * Drills a backup and keeps the verdict beside it.
 * @throws Failure whenever it could not be decided (exit 3) or the command is wrong (exit 2); the signal's reason
 */
export async function drill(settings: Settings, options: DrillOptions = {}): Promise<Verdict> {
  const { report = silent, signal = new AbortController().signal, now = () => new Date() } = options;
  const [started, began] = [now(), performance.now()];
  const place = placeOf(options.server ?? settings.drillServer ?? 'given');
  const store = openStore(settings.store);
  report({ kind: 'stage', title: 'Finding the backup and the server' });
  const backup = await findBackup(store, settings.postgres.database, options.backup, { signal });
  const read = await readManifest(store, backup, signal);
  if (read.state === 'unreadable') report({ kind: 'note', text: `The manifest cannot be read: ${read.reason}.` });
  await using stack = new AsyncDisposableStack();
  const manifest = read.state === 'read' ? read.manifest : undefined;
  const server = await openServer({ place, settings, backup, manifest, report, signal }, stack);
  const testDatabase = testDatabaseName(settings.postgres.database);
  const phases = { download: 0, restore: 0, proof: 0 };
  const found = { settings: server.settings, store, backup, read, manifest, server, testDatabase, report, signal };
  const work: Work = { ...found, phases, compared: [], notProven: [] };
  const findings = await withPrograms(server.programs, () => inFolder((folder) => examine(work, folder)));
  signal.throwIfAborted();
  const verdict = verdictOf(work, findings, started, performance.now() - began);
  await keepVerdict(store, verdict, signal);
  return verdict;
}

/** @throws Failure argument-wrong */
function placeOf(text: string): DrillPlace {
  const place = parsePlace(text);
  if (place !== undefined) return place;
  throw new Failure('argument-wrong', { command: 'drill', argument: '--server', reason: `must be ${PLACE_FORM}` });
}

async function examine(work: Work, folder: WorkingFolder): Promise<Findings> {
  const { store, backup, manifest, report, signal, phases } = work;
  const empty = emptiness(backup);
  if (empty !== undefined) return disproved(empty);
  report({ kind: 'stage', title: `Downloading ${backup.name} (${size(backup.size)})` });
  const { file, ...downloaded } = await timed(phases, 'download', () =>
    fetchArchive(store, backup, folder.path, { report, signal }),
  );
  const sums = await compareWithChecksums(store, backup, manifest, downloaded, signal);
  work.compared.push(...sums.compared);
  const { sha256 } = downloaded;
  if (sums.faults.length > 0) return { ...disproved(...sums.faults), sha256 };
  return { ...(await restoreAndProve(work, file, folder)), sha256 };
}

async function restoreAndProve(work: Work, file: string, folder: WorkingFolder): Promise<Findings> {
  const { backup, manifest, server, signal, settings, report } = work;
  const { programs, admin } = server;
  await using stack = new AsyncDisposableStack();
  let archive: OpenedArchive;
  let contents: Contents;
  try {
    archive = stack.use(await openArchive(file, { name: backup.name, signal }));
    checkReadable(archive.head, programs, server.server, backup.name);
    // With a manifest the bytes are already known to be those that were read back when the backup was taken.
    if (manifest === undefined) report({ kind: 'stage', title: 'Reading the archive to its end' });
    contents = await readArchive(archive, programs, { complete: manifest === undefined, signal });
  } catch (error) {
    return disproved(aboutTheBackup(error));
  }
  const foreign = [manifest?.database, contents.database].find(
    (origin) => origin !== undefined && origin !== settings.postgres.database,
  );
  if (foreign !== undefined)
    return disproved(`it is a backup of database "${foreign}", not of "${settings.postgres.database}"`);

  // A manifest has said this before anything was downloaded.
  if (manifest === undefined) await extensionsAreAvailable(admin, extensionsIn(contents.entries), server.server);
  const { testDatabase: name } = work;
  const like = manifest?.content.database;
  if (server.kind === 'own') {
    report({ kind: 'stage', title: `Making the test database ${name}` });
    const making = { admin, archive, name, original: settings.postgres.database, like, signal };
    const own = await makeOwnDatabase({ ...making, roles: manifest?.content.roles ?? [] });
    return await fillAndProve(work, archive, contents, own);
  }
  const wanted = { settings, name, backup: backup.name, like, admin, folder, report, signal };
  return await inTestDatabase(wanted, () => fillAndProve(work, archive, contents));
}

/** In the test database, which is there and empty. */
async function fillAndProve(
  work: Work,
  archive: OpenedArchive,
  contents: Contents,
  own?: OwnDatabase,
): Promise<Findings> {
  const { testDatabase, settings, server, manifest, report, signal, phases } = work;
  report({ kind: 'stage', title: `Restoring into ${testDatabase}` });
  const target = { admin: server.admin, settings: settings.postgres, database: testDatabase };
  const how = { superuser: server.superuser, server: server.server, whole: own !== undefined };
  const roles = manifest?.content.roles;
  const { fault, ...restored } = await timed(phases, 'restore', () =>
    restoreInStages(target, archive, { ...how, contents, roles, signal }),
  );
  if (fault !== undefined) return disproved(fault);
  const title = manifest === undefined ? 'Reading every row' : 'Comparing every row and object with the manifest';
  report({ kind: 'stage', title });
  const proof = await timed(phases, 'proof', () => proveRestored(work, { archive, contents, own, ...restored }));
  return { reasons: proof.validation.faults, differences: proof.differences, proof };
}

async function inFolder<R>(use: (folder: WorkingFolder) => Promise<R>): Promise<R> {
  await using folder = await workingFolder();
  return await use(folder);
}

function verdictOf(work: Work, findings: Findings, started: Date, milliseconds: number): Verdict {
  const { backup, manifest, server, testDatabase, phases } = work;
  const reasons = [...findings.reasons, ...firstOfEachKind(findings.differences)];
  const word = reasons.length > 0 ? 'disproved' : manifest === undefined ? 'restorable' : 'proven';
  return {
    schema: 1,
    verdict: word,
    manifest: work.read.state,
    place: server.kind,
    backup: backup.name,
    reasons,
    differences: findings.differences,
    compared: [...work.compared, ...(findings.proof?.compared ?? [])],
    notProven: [...work.notProven, ...(findings.proof?.notProven ?? [])],
    startedAt: started.toISOString(),
    endedAt: new Date(started.getTime() + milliseconds).toISOString(),
    seconds: rounded(milliseconds / 1000),
    phases,
    bytes: backup.size,
    sha256: findings.sha256 ?? '',
    testDatabase,
    tables: findings.proof?.validation.tables ?? 0,
    rows: findings.proof?.validation.rows ?? 0,
    keyTables: findings.proof?.validation.keyTables ?? [],
    versions: {
      server: server.server,
      pgRestore: server.programs.version,
      pgDump: manifest?.versions.pgDump ?? 'unknown',
    },
  };
}

function disproved(...reasons: string[]): Findings {
  return { reasons, differences: [] };
}

async function timed<R>(phases: Verdict['phases'], phase: keyof Verdict['phases'], use: () => Promise<R>): Promise<R> {
  const began = performance.now();
  try {
    return await use();
  } finally {
    phases[phase] = rounded((performance.now() - began) / 1000);
  }
}

function rounded(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
