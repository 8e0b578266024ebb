/** Finds PostgreSQL's client programs: in PATH, then the newest below /usr/lib/postgresql, then the user's cache folder. */
import { constants } from 'node:fs';
import { access, glob, realpath } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Failure } from '../failure.ts';
import { runOrFail } from '../process.ts';

export type PostgresPrograms = {
  /** The folder that holds pg_dump, pg_restore and psql. */
  bin: string;
  /** As pg_dump tells it, e.g. `15.18`. */
  version: string;
};

const NEEDED = ['pg_dump', 'pg_restore', 'psql'] as const;
let found: Promise<PostgresPrograms> | undefined;

/**
 * The programs are looked for once per process.
 * @throws Failure program-missing, which names every way to provide them
 */
export function postgresPrograms(): Promise<PostgresPrograms> {
  found ??= findPrograms(process.env).catch((error: unknown) => {
    found = undefined;
    throw error;
  });
  return found;
}

/** As `postgresPrograms`, from a given environment and without remembering. */
export async function findPrograms(env: Record<string, string | undefined>): Promise<PostgresPrograms> {
  for (const bin of await candidates(env)) {
    if (!(await complete(bin))) continue;
    const { stdout } = await runOrFail(join(bin, 'pg_dump'), ['--version'], { timeout: 30_000 });
    return { bin, version: versionIn(stdout) };
  }
  throw new Failure('program-missing', {
    program: 'pg_dump',
    ways: 'Install the package postgresql-client, or put the folder that holds pg_dump, pg_restore and psql in PATH.',
  });
}

/** `pg_dump (PostgreSQL) 15.18 (Debian 15.18-1)` → `15.18`. */
export function versionIn(text: string): string {
  return /\(PostgreSQL\) (\S+)/.exec(text)?.[1] ?? text.trim();
}

/** The major of a version such as `15.18`, `17beta1` or `9.6.24` (PostgreSQL before 10 had two numbers in it: 9). */
export function majorOf(version: string): number {
  return Number.parseInt(version, 10);
}

async function candidates(env: Record<string, string | undefined>): Promise<string[]> {
  const path = (env.PATH ?? '').split(delimiter).filter(Boolean);
  const cache = join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache'), 'drillbook');
  const patterns = ['/usr/lib/postgresql/*/bin', '/usr/pgsql-*/bin', join(cache, 'postgres*/**/bin')];
  const folders = await Promise.all(
    patterns.map(async (pattern) => {
      const matches = await Array.fromAsync(glob(pattern));
      return matches.sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
    }),
  );
  return [...path, ...folders.flat()];
}

/**
 * Debian's /usr/bin/pg_dump is a wrapper that chooses a version by the clusters of this machine, which have nothing to do
 * with the server that is backed up: the folders below /usr/lib/postgresql are asked instead.
 */
async function complete(bin: string): Promise<boolean> {
  try {
    for (const program of NEEDED) {
      await access(join(bin, program), constants.X_OK);
      if ((await realpath(join(bin, program))).endsWith('pg_wrapper')) return false;
    }
    return true;
  } catch {
    return false;
  }
}
