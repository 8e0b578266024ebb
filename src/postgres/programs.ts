/** Finds PostgreSQL's programs: in PATH, then the newest of the system's folders, then the user's cache folder. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { globSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../failure.ts';
import { cacheFolder, type Env, isProgram, pathFolders } from '../process/find.ts';
import { runOrFail } from '../process.ts';

export type PostgresPrograms = {
  /** The folder that holds pg_dump, pg_restore and psql. */
  bin: string;
  /** As pg_dump tells it, e.g. `15.18`. */
  version: string;
};

const CLIENT = ['pg_dump', 'pg_restore', 'psql'];
/** With what a server needs that we start ourselves. */
const SERVER = [...CLIENT, 'initdb', 'postgres'];
/** Where the packages of Debian and of PostgreSQL's own repositories put them. */
const SYSTEM = ['/usr/lib/postgresql/*/bin', '/usr/pgsql-*/bin'];
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
export async function serverPrograms(env: Env, only?: string): Promise<PostgresPrograms[]> {
  const found = only === undefined ? installations(env, SERVER) : [only].filter((bin) => holds(bin, SERVER));
  return Promise.all([...new Set(found)].map((bin) => programsIn(bin, 'postgres')));
}

/** The first of them. @param system patterns of the system's folders */
export async function firstServerPrograms(env: Env, system = SYSTEM): Promise<PostgresPrograms | undefined> {
  const [bin] = installations(env, SERVER, system);
  return bin === undefined ? undefined : programsIn(bin, 'postgres');
}

/** As `postgresPrograms`, from a given environment and without remembering. */
export async function findPrograms(env: Env): Promise<PostgresPrograms> {
  const [bin] = installations(env, CLIENT);
  if (bin !== undefined) return programsIn(bin, 'pg_dump');
  throw new Failure('program-missing', {
    program: 'pg_dump',
    ways: 'Install the package postgresql-client, or put the folder that holds pg_dump, pg_restore and psql in PATH.',
  });
}

async function programsIn(bin: string, asked: 'postgres' | 'pg_dump'): Promise<PostgresPrograms> {
  const { stdout } = await runOrFail(join(bin, asked), ['--version'], { timeout: 30_000 });
  return { bin, version: versionIn(stdout) };
}

/** `pg_dump (PostgreSQL) 15.18 (Debian 15.18-1)` → `15.18`. */
export function versionIn(text: string): string {
  return /\(PostgreSQL\) (\S+)/.exec(text)?.[1] ?? text.trim();
}

/** The major of a version such as `15.18`, `17beta1` or `9.6.24` (PostgreSQL before 10 had two numbers in it: 9). */
export function majorOf(version: string): number {
  return Number.parseInt(version, 10);
}

/** The folders that hold all that is needed, the best first. Looked for one by one: often the first is all that is asked for. */
function* installations(env: Env, needed: string[], system = SYSTEM): Generator<string> {
  for (const bin of pathFolders(env)) if (holds(bin, needed)) yield bin;
  for (const pattern of [...system, join(cacheFolder(env), 'postgres*/**/bin')])
    for (const bin of newest(pattern)) if (holds(bin, needed)) yield bin;
}

/** Folders that have a version in their path, by number. */
function newest(pattern: string): string[] {
  return globSync(pattern).sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
}

/**
 * Debian's /usr/bin/pg_dump is a wrapper that chooses a version by the clusters of this machine, which have nothing to do
 * with the server that is backed up: the folders below /usr/lib/postgresql are asked instead.
 */
function holds(bin: string, needed: string[]): boolean {
  const programs = needed.map((name) => join(bin, name));
  return programs.every((program) => isProgram(program) && !realpathSync(program).endsWith('pg_wrapper'));
}
