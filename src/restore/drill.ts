/**
 * A drill: restore a backup into a throwaway database, prove it equal to its manifest, and leave nothing behind but the
 * verdict. What is found to be wrong with the backup is a verdict; what keeps the drill from deciding is thrown.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Backup, findBackup } from '../backup/catalogue.ts';
import type { Manifest } from '../backup/manifest.ts';
import { drillName } from '../backup/name.ts';
import { Failure } from '../failure.ts';
import { checkReadable } from '../postgres/archive.ts';
import type { Client } from '../postgres/connection.ts';
import { type OpenedArchive, openArchive } from '../postgres/opened.ts';
import { type PostgresPrograms, postgresPrograms } from '../postgres/programs.ts';
import { type Report, silent } from '../progress.ts';
import type { Settings } from '../settings.ts';
import { openStore, type Store } from '../store/store.ts';
import { type Contents, readArchive } from './contents.ts';
import { administer } from './database.ts';
import {
  aboutTheBackup,
  compareWithChecksums,
  emptiness,
  fetchArchive,
  type ManifestRead,
  readManifest,
} from './fetch.ts';
import { enoughDiskSpace, mayCreate, needsOf } from './preflight.ts';
import { type Difference, figure, firstOfEachKind } from './proof.ts';
import { type Proof, proveRestored } from './restored.ts';
import { restoreInStages } from './stages.ts';
import { inTestDatabase, testDatabaseName } from './test-database.ts';
import type { Verdict } from './verdict.ts';

export type DrillOptions = {
  /** The object's name; the newest backup without it. */
  backup?: string | undefined;
  report?: Report;
  signal?: AbortSignal;
  /** What time it is; decides the name of the verdict. */
  now?: () => Date;
};

/** What a drill works with and finds out on its way. */
type Work = {
  settings: Settings;
  store: Store;
  programs: PostgresPrograms;
  backup: Backup;
  /** What became of reading the manifest; `manifest` is it, where it could be read. */
  read: ManifestRead;
  manifest: Manifest | undefined;
  /** A session in the maintenance database. */
  admin: Client;
  server: { superuser: boolean; server: string };
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
  const store = openStore(settings.store);
  report({ kind: 'stage', title: 'Finding the backup and the server' });
  const backup = await findBackup(store, settings.postgres.database, options.backup, { signal });
  const read = await readManifest(store, backup, signal);
  if (read.state === 'unreadable') report({ kind: 'note', text: `The manifest cannot be read: ${read.reason}.` });
  const programs = await postgresPrograms();
  // Not ended by the signal: a CREATE DATABASE that is cut off may or may not have made one. What this does is short.
  await using admin = await administer(settings.postgres);
  const testDatabase = testDatabaseName(settings.postgres.database);
  const server = await mayCreate(admin);
  const phases = { download: 0, restore: 0, proof: 0 };
  const manifest = read.state === 'read' ? read.manifest : undefined;
  const found = { settings, store, programs, backup, read, manifest, admin, server, testDatabase, report, signal };
  const work: Work = { ...found, phases, compared: [], notProven: [] };
  const findings = await inFolder((folder) => examine(work, folder));
  signal.throwIfAborted();
  const verdict = verdictOf(work, findings, started, performance.now() - began);
  await store.putText(drillName(backup.name, started), `${JSON.stringify(verdict, null, 1)}\n`, { signal });
  return verdict;
}

async function examine(work: Work, folder: string): Promise<Findings> {
  const { store, backup, manifest, report, signal, phases } = work;
  const empty = emptiness(backup);
  if (empty !== undefined) return disproved(empty);
  const needs = needsOf(backup.size, manifest?.content.database.bytes);
  const room = `${size(needs.local)} in ${tmpdir()} and about ${size(needs.server)} on the database server`;
  report({ kind: 'note', text: `${backup.name}: needs ${room}; takes about ${needs.seconds} s` });
  if (!(await enoughDiskSpace(folder, needs.local)))
    throw new Failure('no-space', { file: `${backup.name} in ${tmpdir()}` });

  report({ kind: 'stage', title: `Downloading ${backup.name} (${size(backup.size)})` });
  const { file, ...downloaded } = await timed(phases, 'download', () =>
    fetchArchive(store, backup, folder, { report, signal }),
  );
  const sums = await compareWithChecksums(store, backup, manifest, downloaded, signal);
  work.compared.push(...sums.compared);
  const { sha256 } = downloaded;
  if (sums.faults.length > 0) return { ...disproved(...sums.faults), sha256 };
  return { ...(await restoreAndProve(work, file)), sha256 };
}

async function restoreAndProve(work: Work, file: string): Promise<Findings> {
  const { backup, manifest, programs, server, signal, settings, report, phases } = work;
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

  const { testDatabase: name, admin } = work;
  const like = manifest?.content.database;
  return await inTestDatabase({ settings, name, backup: backup.name, like, admin, report, signal }, async () => {
    report({ kind: 'stage', title: `Restoring into ${name}` });
    const target = { admin, settings: settings.postgres, database: name };
    const roles = manifest?.content.roles;
    const { fault, ...restored } = await timed(phases, 'restore', () =>
      restoreInStages(target, archive, { ...server, contents, roles, signal }),
    );
    if (fault !== undefined) return disproved(fault);
    const title = manifest === undefined ? 'Reading every row' : 'Comparing every row and object with the manifest';
    report({ kind: 'stage', title });
    const proof = await timed(phases, 'proof', () => proveRestored(work, { archive, contents, ...restored }));
    return { reasons: proof.validation.faults, differences: proof.differences, proof };
  });
}

async function inFolder<R>(use: (folder: string) => Promise<R>): Promise<R> {
  const folder = await mkdtemp(join(tmpdir(), 'drillbook-drill-')).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Failure('folder-unusable', { folder: tmpdir(), reason }, { cause });
  });
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function verdictOf(work: Work, findings: Findings, started: Date, milliseconds: number): Verdict {
  const { backup, manifest, programs, server, testDatabase, phases } = work;
  const reasons = [...findings.reasons, ...firstOfEachKind(findings.differences)];
  const word = reasons.length > 0 ? 'disproved' : manifest === undefined ? 'restorable' : 'proven';
  return {
    schema: 1,
    verdict: word,
    manifest: work.read.state,
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
    versions: { server: server.server, pgRestore: programs.version, pgDump: manifest?.versions.pgDump ?? 'unknown' },
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

function size(bytes: number): string {
  return bytes < 1e6 ? `${figure(Math.ceil(bytes / 1000))} kB` : `${figure(Math.ceil(bytes / 1e5) / 10)} MB`;
}
