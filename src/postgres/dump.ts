/** pg_dump as a stream. What it must not print or show in its arguments travels in the environment. */
import { join } from 'node:path';
import { Failure } from '../failure.ts';
import { lastLines, type Running, stream } from '../process.ts';
import type { Settings } from '../settings.ts';
import { environmentOf } from './connection.ts';
import { majorOf, type PostgresPrograms } from './programs.ts';

export type DumpOptions = {
  /** As `pg_export_snapshot()` named it; its session must stay open until the dump has ended. */
  snapshot: string;
  signal?: AbortSignal | undefined;
};

/**
 * Starts a dump of the settings' database in custom format; the archive comes on standard output.
 * @throws Failure program-missing
 */
export function startDump(
  settings: Settings['postgres'],
  programs: PostgresPrograms,
  options: DumpOptions,
): Promise<Running> {
  const args = ['--format=custom', `--snapshot=${options.snapshot}`, '--no-password'];
  // The database's name comes from PGDATABASE too: as an argument `a=b` would be read as a connection string.
  const { signal } = options;
  return stream(join(programs.bin, 'pg_dump'), args, {
    env: environmentOf(settings),
    ...(signal === undefined ? {} : { signal }),
  });
}

/** The Failure for a dump that ended with a status other than 0. */
export function dumpFailure(settings: Settings['postgres'], stderr: string): Failure {
  return new Failure('dump-failed', { database: settings.database, message: lastLines(stderr) });
}

/**
 * An older pg_dump refuses a newer server; this says so before anything is made.
 * @param server such as `15.18 (Debian 15.18-1)`
 * @throws Failure postgres-newer
 */
export function checkVersions(server: string, programs: PostgresPrograms): void {
  if (majorOf(programs.version) >= majorOf(server)) return;
  throw new Failure('postgres-newer', { server, program: 'pg_dump', version: programs.version });
}
