/**
 * Takes a backup without a local file: pg_dump → at once SHA-256, multipart upload and a complete read by pg_restore; the
 * manifest from the dump's own snapshot. Checksum, globals and manifest are put first, and the archive's upload is completed last: that
 * is the commit. Whatever fails before it leaves nothing behind.
 */
import type { Writable } from 'node:stream';
import packageJson from '../../package.json' with { type: 'json' };
import { Failure } from '../failure.ts';
import type { Content } from '../postgres/content.ts';
import { checkVersions, startDump } from '../postgres/dump.ts';
import { dumpGlobals } from '../postgres/globals.ts';
import { type PostgresPrograms, postgresPrograms } from '../postgres/programs.ts';
import { startReading } from '../postgres/verify.ts';
import { type Report, silent } from '../progress.ts';
import type { Settings } from '../settings.ts';
import { openStore, type Store, type Upload } from '../store/store.ts';
import { claimName, noteUpload, releaseName, removeStale, removeUnfinished } from './claim.ts';
import { type Manifest, manifestText } from './manifest.ts';
import { companionName } from './name.ts';
import { type Pruned, prune } from './retain.ts';
import { openSnapshot, type Snapshot } from './snapshot.ts';
import { type Streamed, streamArchive } from './stream.ts';

export type TakeOptions = {
  report?: Report;
  signal?: AbortSignal | undefined;
  /** What time it is; decides the name and what retention calls old. */
  now?: () => Date;
};

export type Taken = Streamed & {
  name: string;
  /** How long it took until the backup was complete. */
  seconds: number;
  tables: number;
  rows: number;
  /** Why roles were not saved; undefined when they were. */
  globalsRefused: string | undefined;
  /** What retention did afterwards; a Failure of it leaves the backup as it is. */
  retention: Pruned | Failure;
};

type Work = {
  settings: Settings;
  store: Store;
  programs: PostgresPrograms;
  report: Report;
  /** Aborted from outside, or because one half of the work failed: then the other must end too. */
  signal: AbortSignal;
};

/**
 * @throws Failure postgres-*, database-missing, dump-failed, program-missing, archive-damaged, store-*, bucket-missing,
 *   backup-name-taken; the signal's reason when aborted
 */
export async function takeBackup(settings: Settings, options: TakeOptions = {}): Promise<Taken> {
  const { report = silent, now = () => new Date() } = options;
  const began = Date.now();
  options.signal?.throwIfAborted();
  const stopping = new AbortController();
  const signal = AbortSignal.any([stopping.signal, ...(options.signal === undefined ? [] : [options.signal])]);
  const store = openStore(settings.store);
  const { database } = settings.postgres;
  report({ kind: 'stage', title: `Connecting to database ${database} and to the store` });
  const work: Work = { settings, store, programs: await postgresPrograms(), report, signal };
  const taken = await (async () => {
    await using snapshot = await openSnapshot(settings.postgres, signal);
    checkVersions(snapshot.server, work.programs);
    for (const left of await removeStale(store, database, now(), signal))
      report({ kind: 'note', text: `Removed what an unfinished run of long ago had left: ${left}` });
    return await takeNamed(work, snapshot, await claimName(store, database, now(), signal), stopping);
  })().catch((error: unknown) => {
    options.signal?.throwIfAborted();
    throw error;
  });
  const seconds = (Date.now() - began) / 1000;
  return { ...taken, seconds, retention: await retain(settings, options) };
}

/** From the claimed name to the commit. */
async function takeNamed(work: Work, snapshot: Snapshot, name: string, stopping: AbortController) {
  const { settings, store, programs, report, signal } = work;
  let upload: Upload | undefined;
  try {
    upload = await store.upload(name, { signal, expected: snapshot.databaseSize });
    await noteUpload(store, name, upload.id, signal);
    report({ kind: 'stage', title: `Dumping, uploading and reading back ${name}` });
    const [streamed, content] = await together(stopping, [
      dumpInto(work, snapshot, upload.stream),
      // The bytes of the dump are the progress that is shown.
      snapshot.content(silent),
    ]);
    const complete = await snapshot.withSequences(content);
    report({ kind: 'stage', title: 'Saving roles, checksum and manifest' });
    const globals = await dumpGlobals(settings.postgres, programs, signal);
    if ('sql' in globals) await store.putText(companionName(name, 'globals'), globals.sql, { signal });
    else report({ kind: 'note', text: `Roles were not saved (the backup goes on without): ${globals.refused}` });
    const manifest = manifestOf(work, snapshot, name, streamed, complete);
    await store.putText(companionName(name, 'checksum'), `${streamed.sha256}  ${name}\n`, { signal });
    await store.putText(companionName(name, 'manifest'), manifestText(manifest), { signal });
    signal.throwIfAborted();
    await upload.complete();
    await releaseName(store, name).catch(() => {}); // a day later it counts as stale and goes then
    const rows = complete.tables.reduce((sum, table) => sum + table.rows, 0);
    const globalsRefused = 'refused' in globals ? globals.refused : undefined;
    return { name, ...streamed, tables: complete.tables.length, rows, globalsRefused };
  } catch (error) {
    await undo(work, name, upload);
    throw error;
  }
}

async function dumpInto(work: Work, snapshot: Snapshot, upload: Writable): Promise<Streamed> {
  const { settings, programs, report, signal } = work;
  await using stack = new AsyncDisposableStack();
  const reader = await startReading(programs, { signal });
  stack.defer(() => reader.kill());
  reader.stdout.resume();
  const dump = await startDump(settings.postgres, programs, { snapshot: snapshot.id, signal });
  stack.defer(() => dump.kill());
  dump.stdin.end();
  return await streamArchive(settings.postgres, { dump, reader, upload }, (done) =>
    report({ kind: 'amount', done, total: null, unit: 'bytes' }),
  );
}

/** Both, or the error of the first that fails, once the other has ended too. */
async function together<A, B>(stopping: AbortController, [a, b]: [Promise<A>, Promise<B>]): Promise<[A, B]> {
  const watched = [a, b].map((work) => work.catch((error: unknown) => stopping.abort(error)));
  await Promise.all(watched);
  if (stopping.signal.aborted) throw stopping.signal.reason;
  return [await a, await b];
}

/** Leaves nothing of a run that failed. Its own trouble is only noted: the first error is the one worth reading. */
async function undo({ store, report }: Work, name: string, upload: Upload | undefined): Promise<void> {
  try {
    await upload?.abort();
    if (await removeUnfinished(store, name)) report({ kind: 'note', text: `${name} was already complete and stays.` });
    await releaseName(store, name);
  } catch {
    report({ kind: 'note', text: `The store does not answer: what was put for ${name} is removed by a later run.` });
  }
}

function manifestOf(
  { settings, programs }: Work,
  snapshot: Snapshot,
  name: string,
  { bytes, sha256 }: Streamed,
  content: Content,
): Manifest {
  return {
    schema: 2,
    createdAt: snapshot.takenAt.toISOString(),
    database: settings.postgres.database,
    archive: { name, bytes, sha256, format: 'custom' },
    versions: { server: snapshot.server, pgDump: programs.version, drillbook: packageJson.version },
    content,
  };
}

async function retain(settings: Settings, options: TakeOptions): Promise<Taken['retention']> {
  try {
    return await prune(settings, options);
  } catch (error) {
    if (options.signal?.aborted)
      options.report?.({ kind: 'note', text: 'The new backup is complete and stays; retention was interrupted.' });
    if (error instanceof Failure) return error;
    throw error;
  }
}
