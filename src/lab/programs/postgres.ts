/** PostgreSQL: server and client programs of one version, in one folder. */
import { Failure } from '../../failure.ts';
import { firstServerPrograms, type PostgresPrograms } from '../../postgres/programs.ts';
import { aptInstall, withoutCluster } from './apt.ts';
import { attempt } from './attempt.ts';
import { mayInstall } from './permission.ts';
import type { ProvideOptions } from './provide.ts';
import { unpackPostgres } from './unpack-postgres.ts';

const WAYS = [
  'Any of these provides it: the package postgresql of your distribution (as root, with DRILLBOOK_INSTALL=yes, Drillbook installs it);',
  'python3 with pip, or apt-get and dpkg-deb, with which Drillbook unpacks it into your cache folder;',
  'or the folder of its programs in PATH.',
].join(' ');

/** @throws Failure program-missing with every way to provide it */
export async function providePostgres(options: ProvideOptions): Promise<PostgresPrograms> {
  const env = options.env ?? process.env;
  const found = await firstServerPrograms(env);
  if (found !== undefined) return found;
  options.report({ kind: 'note', text: 'There is no PostgreSQL in PATH, below /usr/lib/postgresql or in the cache.' });
  for (const way of [install, unpackPostgres]) {
    const provided = (await way(options)) ? await firstServerPrograms(env) : undefined;
    if (provided !== undefined) return provided;
  }
  throw new Failure('program-missing', {
    program: 'PostgreSQL (initdb, postgres, psql, pg_dump, pg_restore)',
    ways: WAYS,
  });
}

/** Returns whether it was allowed and worked. */
async function install(options: ProvideOptions): Promise<boolean> {
  if (!(await mayInstall(['postgresql'], options))) return false;
  return attempt(() => withoutCluster(() => aptInstall(['postgresql'], options)), options);
}
