/** Packages of Debian and its relatives, unpacked as they are: nothing of the system is changed, no daemon is started. */
import { globSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Env, inPath } from '../../process/find.ts';
import { runOrFail } from '../../process.ts';
import { narrate } from './narrate.ts';
import type { ProvideOptions } from './provide.ts';

/** Whether this machine has what unpacking needs. */
export function canUnpackPackages(env: Env): boolean {
  return ['apt-get', 'dpkg-deb'].every((name) => inPath(name, env).length > 0);
}

/**
 * Unpacks packages into `folder`/all, with everything they need that is not installed; `alone` leaves that out.
 * @throws Failure program-failed
 */
export async function unpackPackages(
  packages: string[],
  folder: string,
  options: ProvideOptions & { alone?: boolean },
): Promise<void> {
  const { report, signal, alone = false } = options;
  const apt = join(folder, '.apt');
  const archives = join(apt, 'archives');
  for (const path of ['lists/partial', 'archives/partial']) mkdirSync(join(apt, path), { recursive: true });
  const settings = [
    `Dir::State::lists=${join(apt, 'lists')}`,
    `Dir::Cache=${apt}`,
    `Dir::Cache::archives=${archives}`,
    'Debug::NoLocking=true',
    // Files below a private folder cannot be read by apt's own user.
    'APT::Sandbox::User=',
  ].flatMap((setting) => ['-o', setting]);
  const env = { ...(options.env ?? process.env), DEBIAN_FRONTEND: 'noninteractive' };
  const narrated = { env, report, signal, cwd: archives };
  report({ kind: 'stage', title: 'Reading the lists of packages' });
  await narrate('apt-get', [...settings, 'update'], narrated);
  report({ kind: 'stage', title: `Downloading ${packages.join(', ')}` });
  const install = ['install', '--yes', '--no-install-recommends', '--download-only'];
  await narrate('apt-get', [...settings, ...(alone ? ['download'] : install), ...packages], narrated);
  for (const file of globSync(join(archives, '*.deb')))
    await runOrFail('dpkg-deb', ['-x', file, join(folder, 'all')], signal === undefined ? {} : { signal });
  rmSync(apt, { recursive: true });
}
