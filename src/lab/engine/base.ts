/**
 * A base system of Debian, made with debootstrap where no image can be pulled, and what of Debian's packages the
 * client needs beside it. Made once, in a mount namespace of its own, so that nothing stays mounted however it ends.
 */
import { copyFileSync, globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { runOrFail } from '../../process.ts';
import { narrate } from '../programs/narrate.ts';
import type { ProvideOptions } from '../programs/provide.ts';
import { intoPlace } from '../programs/unpack.ts';
import type { Places } from './places.ts';

export const SUITE = 'trixie';
const PLUGINS = ['docker-compose', 'docker-buildx'];

/** @throws Failure program-failed with debootstrap's own last lines */
export async function provideBase(places: Places, env: Record<string, string>, options: ProvideOptions): Promise<void> {
  const { report, signal } = options;
  if (globSync(join(places.base, 'base.tar')).length > 0) return;
  report({ kind: 'note', text: `Making a base system of Debian ${SUITE} with debootstrap in ${places.base}` });
  await intoPlace(places.base, async (folder) => {
    const root = join(folder, 'root');
    const narrated = { env: { ...env, DEBIAN_FRONTEND: 'noninteractive' }, report, signal };
    report({ kind: 'stage', title: 'Making a base system (once; half a minute)' });
    await narrate('unshare', ['--mount', 'debootstrap', '--variant=minbase', SUITE, root], narrated);
    report({ kind: 'stage', title: 'Downloading the plugins of the client' });
    await narrate('chroot', [root, 'apt-get', 'update'], narrated);
    const download = `cd /tmp && apt-get -o APT::Sandbox::User= download ${PLUGINS.join(' ')}`;
    await narrate('chroot', [root, 'sh', '-c', download], narrated);
    const options = signal === undefined ? {} : { signal };
    for (const file of globSync(join(root, 'tmp', '*.deb'))) {
      await runOrFail('dpkg-deb', ['-x', file, join(folder, 'unpacked')], options);
      rmSync(file);
    }
    mkdirSync(join(folder, 'plugins'));
    for (const file of globSync(join(folder, 'unpacked/usr/libexec/docker/cli-plugins/*')))
      copyFileSync(file, join(folder, 'plugins', basename(file)));
    rmSync(join(folder, 'unpacked'), { recursive: true });
    // As Docker's own images of Debian: a build that is cut short is thrown away, so nothing waits for the disk.
    writeFileSync(join(root, 'etc/dpkg/dpkg.cfg.d/docker-apt-speedup'), 'force-unsafe-io\n');
    const left = ['./var/cache/apt/*', './var/lib/apt/lists/*', './dev/*', './proc/*', './sys/*', './etc/resolv.conf'];
    const without = left.map((path) => `--exclude=${path}`);
    await runOrFail('tar', ['-C', root, ...without, '-cf', join(folder, 'base.tar'), '.'], options);
    rmSync(root, { recursive: true });
  });
}
