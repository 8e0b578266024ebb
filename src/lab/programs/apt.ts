/** Packages of Debian and its relatives. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { narrate } from './narrate.ts';
import type { ProvideOptions } from './provide.ts';

const SETTINGS = ['-o', 'APT::Status-Fd=1', '-o', 'Dpkg::Use-Pty=0', '-o', 'DPkg::Lock::Timeout=120'];

/**
 * Installs packages with what they need and nothing they only recommend. Says so first.
 * @throws Failure program-failed with apt-get's own last lines
 */
export async function aptInstall(packages: string[], options: ProvideOptions): Promise<void> {
  const { report, signal } = options;
  report({ kind: 'note', text: `Installing from the distribution with apt-get: ${packages.join(' ')}` });
  const env = { ...(options.env ?? process.env), DEBIAN_FRONTEND: 'noninteractive', UCF_FORCE_CONFFOLD: '1' };
  const apt = (args: string[]) => narrate('apt-get', [...SETTINGS, ...args], { env, report, signal, percent });
  const install = ['install', '--yes', '--no-install-recommends', ...packages];
  // An installation that was cut short is completed first; apt-get refuses to work before that.
  await narrate('dpkg', ['--configure', '-a'], { env, report, signal });
  report({ kind: 'stage', title: 'Reading the lists of packages' });
  await apt(['update']);
  report({ kind: 'stage', title: `Installing ${packages.join(' ')}` });
  await apt(install);
}

/** `pmstatus:libpq5:41.6:Preparing` and `dlstatus:3:20.1:Retrieving` carry percents in their third field. */
export function percent(line: string): number | undefined {
  const share = /^(?:pm|dl)status:[^:]*:([\d.]+):/.exec(line)?.[1];
  return share === undefined ? undefined : Number(share);
}

const CLUSTERS = '/etc/postgresql-common/createcluster.conf';
const CLUSTERS_DEFAULT = '/usr/share/postgresql-common/createcluster.conf';

/**
 * Does the work while Debian's packages are told not to make and start a cluster of their own, and restores what the
 * file said before. Where there was none, the package's own default takes its place afterwards.
 */
export async function withoutCluster(work: () => Promise<void>): Promise<void> {
  const before = existsSync(CLUSTERS) ? readFileSync(CLUSTERS, 'utf8') : undefined;
  mkdirSync(dirname(CLUSTERS), { recursive: true });
  writeFileSync(CLUSTERS, `${before ?? ''}\ncreate_main_cluster = false\n`);
  try {
    await work();
  } finally {
    if (before !== undefined) writeFileSync(CLUSTERS, before);
    else if (existsSync(CLUSTERS_DEFAULT)) writeFileSync(CLUSTERS, readFileSync(CLUSTERS_DEFAULT));
    else rmSync(CLUSTERS, { force: true });
  }
}
