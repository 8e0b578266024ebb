/** Finds PostgreSQL's client programs: in PATH, then the newest below /usr/lib/postgresql, then the user's cache folder. */
import { AsyncLocalStorage } from 'node:async_hooks';
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
/** Besides, what a server needs that we start ourselves. */
const OF_A_SERVER = ['initdb', 'postgres'] as const;
let found: Promise<PostgresPrograms> | undefined;
const chosen = new AsyncLocalStorage<PostgresPrograms>();

/**
 * The programs are looked for once per process.
 * @throws Failure program-missing, which names every way to provide them
 */
export function postgresPrograms(): Promise<PostgresPrograms> {
  const given = chosen.getStore();
  if (given !== undefined) return Promise.resolve(given);
  found ??= findPrograms(process.env).catch((error: unknown) => {
    found = undefined;
    throw error;
  });
  return found;
}

/** Has everything that `work` does use these programs. */
export function withPrograms<R>(programs: PostgresPrograms, work: () => Promise<R>): Promise<R> {
  return chosen.run(programs, work);
}

/** Every installation of this machine that holds a server with its client programs, as they are found; those of `only`, if given. */
export async function serverPrograms(
  env: Record<string, string | undefined>,
  only?: string,
): Promise<PostgresPrograms[]> {
  const bins = only === undefined ? await candidates(env) : [only];
  const complete = await Promise.all(bins.map((bin) => holds(bin, [...NEEDED, ...OF_A_SERVER])));
  const servers = [...new Set(bins.filter((_, i) => complete[i]))];
  return Promise.all(
    servers.map(async (bin) => {
      const { stdout } = await runOrFail(join(bin, 'postgres'), ['--version'], { timeout: 30_000 });
      return { bin, version: versionIn(stdout) };
    }),
  );
}

/** As `postgresPrograms`, from a given environment and without remembering. */
export async function findPrograms(env: Record<string, string | undefined>): Promise<PostgresPrograms> {
  for (const bin of await candidates(env)) {
    if (!(await holds(bin, NEEDED))) continue;
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
async function holds(bin: string, needed: readonly string[]): Promise<boolean> {
  try {
    for (const program of needed) {
      await access(join(bin, program), constants.X_OK);
      if ((await realpath(join(bin, program))).endsWith('pg_wrapper')) return false;
    }
    return true;
  } catch {
    return false;
  }
}
