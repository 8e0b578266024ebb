/**
 * A Docker engine of our own. It runs in process and mount namespaces of its own: when it ends, however it ends, no
 * container and no mount of it is left. It changes nothing of the machine's network but the bridges of its stacks: no
 * packet filter, no forwarding, no default bridge. Containers reach each other and are published on loopback; the outside
 * they do not reach.
 */
import { globSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Failure } from '../../failure.ts';
import { isProgram } from '../../process/find.ts';
import { alive, identify } from '../../process/identity.ts';
import { lastLines, launch, run } from '../../process.ts';
import { answeringEngine } from './found.ts';
import { read } from './lock.ts';
import type { Places } from './places.ts';

const START_MS = 60_000;
const STOP_MS = 60_000;
const LOOK_AGAIN_MS = 100;

/** The environment of the unpacked programs: their folders first in PATH, and their libraries. */
export function programsEnvironment(places: Places): Record<string, string> {
  const all = join(places.programs, 'all');
  const folders = ['bin', 'usr/sbin', 'usr/bin', 'sbin', 'bin'].map((name, index) =>
    index === 0 ? join(places.programs, name) : join(all, name),
  );
  const libraries = globSync(join(all, 'usr/lib/*-linux-gnu'));
  return {
    PATH: [...folders, process.env.PATH ?? '', '/usr/sbin', '/sbin'].join(delimiter),
    HOME: places.run,
    LD_LIBRARY_PATH: libraries.join(delimiter),
    XTABLES_LIBDIR: join(libraries[0] ?? '', 'xtables'),
    DEBOOTSTRAP_DIR:
      [join(all, 'usr/share/debootstrap'), '/usr/share/debootstrap'].find((path) =>
        readable(join(path, 'functions')),
      ) ?? '',
  };
}

/** Packages name these by links that only their installation makes. */
export function linkIptables(programs: string): void {
  mkdirSync(join(programs, 'bin'), { recursive: true });
  for (const name of ['iptables', 'ip6tables']) {
    const target = join(programs, 'all/usr/sbin', `${name}-nft`);
    if (isProgram(target)) symlinkSync(`../all/usr/sbin/${name}-nft`, join(programs, 'bin', name));
  }
}

/** Starts it, or finds that it runs. @throws Failure engine-not-started */
export async function startDaemon(places: Places, client: Record<string, string>, signal?: AbortSignal): Promise<void> {
  if ((await answeringEngine(client)) !== undefined) return;
  await endRemains(places);
  for (const path of [places.data, places.run]) mkdirSync(path, { recursive: true, mode: 0o711 });
  const log = join(places.run, 'log');
  writeFileSync(log, '');
  const alone = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const dockerd = [
    `--data-root=${places.data}`,
    `--exec-root=${join(places.run, 'exec')}`,
    `--pidfile=${join(places.run, 'pid')}`,
    `--host=unix://${places.socket}`,
    '--iptables=false',
    '--ip6tables=false',
    '--ip-forward=false',
    '--ip-masq=false',
    '--bridge=none',
    `--cgroup-parent=${places.cgroup}`,
  ];
  const pid = await launch('unshare', [...alone, 'docker-init', '-g', '--', 'dockerd', ...dockerd], {
    env: programsEnvironment(places),
    cwd: places.run,
    log,
  });
  const me = await identify(pid);
  if (me !== undefined) writeFileSync(join(places.run, 'engine.json'), JSON.stringify(me));
  const deadline = Date.now() + START_MS;
  while ((await answeringEngine(client)) === undefined) {
    if (signal?.aborted || Date.now() > deadline || me === undefined || !(await alive(me))) {
      await stopDaemon(places);
      signal?.throwIfAborted();
      throw new Failure('engine-not-started', { reason: lastLines(readFileSync(log, 'utf8')), log });
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}

/** Removes every container, volume and network in it: it is private, so all of them are ours. */
export async function emptyDaemon(client: Record<string, string>): Promise<void> {
  const docker = (...args: string[]) => run('docker', args, { env: client, timeout: 120_000 });
  const ids = async (...args: string[]) => (await docker(...args)).stdout.split('\n').filter(Boolean);
  const containers = await ids('ps', '--all', '--quiet');
  if (containers.length > 0) await docker('rm', '--force', '--volumes', ...containers);
  const networks = await ids('network', 'ls', '--quiet', '--filter', 'type=custom');
  if (networks.length > 0) await docker('network', 'rm', ...networks);
  const volumes = await ids('volume', 'ls', '--quiet');
  if (volumes.length > 0) await docker('volume', 'rm', '--force', ...volumes);
}

/** Ends it in order, and harshly when that takes too long. */
export async function stopDaemon(places: Places): Promise<void> {
  const engine = read(join(places.run, 'engine.json'));
  if (engine !== undefined && (await alive(engine))) {
    // unshare itself ignores the signal; its child hands it to dockerd.
    for (const pid of childrenOf(engine.pid)) signalTo(pid, 'SIGTERM');
    const deadline = Date.now() + STOP_MS;
    while (await alive(engine)) {
      if (Date.now() > deadline) signalTo(engine.pid, 'SIGKILL');
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
  }
  await endRemains(places);
}

/** What a killed engine leaves: its socket, and empty control groups. */
async function endRemains(places: Places): Promise<void> {
  rmSync(places.run, { recursive: true, force: true });
  for (const folder of globSync(`/sys/fs/cgroup/{,*/}${places.cgroup}`)) removeGroups(folder);
}

function removeGroups(folder: string): void {
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true }))
      if (entry.isDirectory()) removeGroups(join(folder, entry.name));
    rmdirSync(folder);
  } catch {
    // In use after all, or gone meanwhile.
  }
}

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended.
  }
}

function readable(file: string): boolean {
  try {
    readFileSync(file);
    return true;
  } catch {
    return false;
  }
}
