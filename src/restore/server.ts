/** The server that a drill works on, ready and found fit: the given one, or one of its own. */
import { tmpdir } from 'node:os';
import type { Backup } from '../backup/catalogue.ts';
import type { Manifest } from '../backup/manifest.ts';
import { Failure } from '../failure.ts';
import { addressOf, type Client, readingFailure } from '../postgres/connection.ts';
import { type PostgresPrograms, postgresPrograms } from '../postgres/programs.ts';
import { startThrowaway, throwawayOwner } from '../postgres/throwaway.ts';
import type { Report } from '../progress.ts';
import type { Settings } from '../settings.ts';
import { administer } from './database.ts';
import { workingFolder } from './folder.ts';
import { removeAbandonedDatabases, removeAbandonedFolders } from './leftovers.ts';
import { type DrillPlace, programsFor } from './place.ts';
import {
  dataFolderHere,
  enoughDiskSpace,
  extensionsAreAvailable,
  folderHasRoom,
  freeBytes,
  lacking,
  type Needs,
  needsOf,
  programsAreNewEnough,
  refuseUnless,
  rightsOf,
  serverIsNewEnough,
} from './preflight.ts';
import { size } from './size.ts';
import { waitForTurn } from './turn.ts';

export type DrillServer = {
  kind: DrillPlace['kind'];
  /** Those of the drill, with this server's address. */
  settings: Settings;
  /** Fit for this server. */
  programs: PostgresPrograms;
  /** A session in the maintenance database. */
  admin: Client;
  superuser: boolean;
  /** Its version, such as `15.18`. */
  server: string;
};

type Wanted = {
  place: DrillPlace;
  settings: Settings;
  backup: Backup;
  manifest: Manifest | undefined;
  report: Report;
  signal: AbortSignal;
};

/** A server of one's own before anything is restored into it, and what it writes besides the data, in bytes. */
const EMPTY_SERVER = 100_000_000;
const LOG_SHARE = 1.3;

/**
 * Opens the server, removes what killed drills left, and checks that the drill can be carried out. What is acquired goes on the stack.
 * @throws Failure what is missing: no-space, server-space, createdb-missing, server-older, archive-newer, extensions-missing, of several
 *   drill-unprepared; own-server-missing, own-server-failed and those of the connection; the signal's reason
 */
export async function openServer(wanted: Wanted, stack: AsyncDisposableStack): Promise<DrillServer> {
  const { place, backup, manifest, report } = wanted;
  const needs = needsOf(backup.size, manifest?.content.database.bytes);
  const own = place.kind === 'own';
  const where = own ? `in ${tmpdir()}` : 'on the database server';
  const room = `${size(needs.local)} in ${tmpdir()} and about ${size(needs.server)} ${where}`;
  report({ kind: 'note', text: `${backup.name}: needs ${room}; takes about ${needs.seconds} s` });
  try {
    return await (own ? openOwn(wanted, place, needs, stack) : openGiven(wanted, needs, stack));
  } catch (cause) {
    wanted.signal.throwIfAborted();
    throw lookFailure(wanted.settings.postgres, cause);
  }
}

/** A server that goes away, or refuses, while it is looked at. What is neither (a bug) is returned as it is. */
function lookFailure(settings: Settings['postgres'], cause: unknown): unknown {
  if (cause instanceof Failure) return cause;
  const failure = readingFailure(settings, cause);
  if (!(failure instanceof Failure) || failure.code !== 'dump-failed') return failure;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new Failure('postgres-unreachable', { server: addressOf(settings), reason }, { cause });
}

async function openGiven(wanted: Wanted, needs: Needs, stack: AsyncDisposableStack): Promise<DrillServer> {
  const { settings, manifest, report, signal } = wanted;
  const programs = await postgresPrograms();
  // Not ended by the signal: a CREATE DATABASE that is cut off may or may not have made one. What this does is short.
  const admin = stack.use(await administer(settings.postgres));
  const { user, may, superuser, server } = await rightsOf(admin);
  say(report, await removeAbandonedFolders({ admin, settings: settings.postgres }));
  for (const name of await removeAbandonedDatabases(admin))
    say(report, [`Removed the test database of a drill that was killed: ${name}`]);
  const data = await dataFolderHere(admin);
  const lacks = await lacking([
    () => localRoom(wanted, needs),
    () => {
      if (!may) throw new Failure('createdb-missing', { user });
    },
    () => (data === undefined ? undefined : folderHasRoom(data, needs.server)),
    () => manifest && serverIsNewEnough(manifest, server),
    () => manifest && programsAreNewEnough(manifest, programs.version),
    () => manifest && extensionsAreAvailable(admin, namesOf(manifest), server),
  ]);
  refuseUnless(lacks);
  await waitForTurn(admin, report, signal);
  return { kind: 'given', settings, programs, admin, superuser, server };
}

async function openOwn(
  wanted: Wanted,
  place: Extract<DrillPlace, { kind: 'own' }>,
  needs: Needs,
  stack: AsyncDisposableStack,
): Promise<DrillServer> {
  const { settings, manifest, report, signal } = wanted;
  const programs = await programsFor(place, manifest?.versions.server);
  say(report, await removeAbandonedFolders());
  const { version } = programs;
  const bytes = needs.local + needs.server * LOG_SHARE + EMPTY_SERVER;
  const lacks = await lacking([
    () => localRoom(wanted, needs),
    () => folderHasRoom(tmpdir(), bytes),
    () => manifest && serverIsNewEnough(manifest, version),
    () => manifest && programsAreNewEnough(manifest, version),
  ]);
  // What it can do is only known when it runs; without room it cannot run.
  if ((await freeBytes(tmpdir())) < EMPTY_SERVER) refuseUnless(lacks);
  report({ kind: 'stage', title: `Starting a PostgreSQL ${version} of its own` });
  const folder = stack.use(await workingFolder(throwawayOwner()));
  const running = stack.use(await startThrowaway(programs, folder.path, settings.postgres.database, signal));
  const admin = stack.use(await administer(running.settings));
  refuseUnless([
    ...lacks,
    ...(await lacking([() => manifest && extensionsAreAvailable(admin, namesOf(manifest), version)])),
  ]);
  const there = { ...settings, postgres: running.settings };
  return { kind: 'own', settings: there, programs, admin, superuser: true, server: version };
}

async function localRoom({ backup }: Wanted, { local }: Needs): Promise<void> {
  if (!(await enoughDiskSpace(tmpdir(), local)))
    throw new Failure('no-space', { file: `${backup.name} in ${tmpdir()}` });
}

function namesOf(manifest: Manifest): string[] {
  return manifest.content.extensions.map(({ name }) => name);
}

function say(report: Report, texts: readonly string[]): void {
  for (const text of texts) report({ kind: 'note', text });
}
