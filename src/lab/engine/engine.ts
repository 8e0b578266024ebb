/**
 * Docker for the Compose stack, with its images. An engine that answers is used as it is; where there is none, root gets
 * one of its own from Debian's packages, unpacked into the cache and started for as long as somebody uses it.
 */
import { chmodSync, copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../../failure.ts';
import { inPath } from '../../process/find.ts';
import { run } from '../../process.ts';
import { canUnpackPackages, unpackPackages } from '../programs/packages.ts';
import type { ProvideOptions } from '../programs/provide.ts';
import { intoPlace } from '../programs/unpack.ts';
import { provideBase } from './base.ts';
import { emptyDaemon, linkIptables, programsEnvironment, startDaemon, stopDaemon } from './daemon.ts';
import { answeringEngine, composePlugin, hasBuildx } from './found.ts';
import { type Images, provideImages } from './images.ts';
import { withLock } from './lock.ts';
import { type Places, placesOf } from './places.ts';
import { enter, leave } from './users.ts';

/** With what it needs, where that is not installed; debootstrap makes the base of the images. */
const PACKAGES = ['docker.io', 'iptables', 'debootstrap'];
/** The public images; one that can be pulled speaks for all. */
const PULLED = 'postgres:17';
const PULL_MS = 300_000;

export type Engine = AsyncDisposable & {
  /** The environment of docker: PATH, HOME, and where its engine and plugins are. */
  client: Record<string, string>;
  /** Variables of docker-compose.yml that name images; none where the public ones can be had. */
  images: Partial<Images>;
  versions: { engine: string; compose: string };
  /** Whether it is our own: then everything in it is ours. */
  own: boolean;
};

/**
 * @throws Failure engine-missing, engine-too-old, engine-not-started, compose-missing, program-failed
 */
export async function provideEngine(options: ProvideOptions): Promise<Engine> {
  const env = options.env ?? process.env;
  const places = placesOf(env);
  return withLock(places.lock, options.signal, async () => {
    const found = { ...env };
    const own = (await answeringEngine(found)) === undefined || found.DOCKER_HOST === `unix://${places.socket}`;
    if (own) await provideOwn(places, options);
    let client = clientEnvironment(places, env, own);
    if ((await composePlugin(client)) === undefined || !(await hasBuildx(client)))
      client = await withPlugins(places, client, options);
    if (own) {
      await enter(places.users);
      try {
        await startDaemon(places, client, options.signal);
      } catch (error) {
        await leave(places.users);
        throw error;
      }
    }
    try {
      const versions = { engine: (await answeringEngine(client)) ?? '', compose: (await composePlugin(client)) ?? '' };
      const images = own || !(await canPull(client, options)) ? await localImages(places, client, options) : {};
      return {
        client,
        images,
        versions,
        own,
        [Symbol.asyncDispose]: () => (own ? release(places, client) : Promise.resolve()),
      };
    } catch (error) {
      if (own) await releaseLocked(places, client);
      throw error;
    }
  });
}

/** From now on our own engine stays when its last user leaves; `stopEngine` ends it. */
export function keepEngine(env = process.env): void {
  writeFileSync(placesOf(env).kept, '');
}

/** Ends our own engine, with everything in it. @returns whether there was one */
export async function stopEngine(env = process.env): Promise<boolean> {
  const places = placesOf(env);
  return withLock(places.lock, undefined, async () => {
    rmSync(places.kept, { force: true });
    const client = clientEnvironment(places, env, true);
    const there = (await answeringEngine(client)) !== undefined;
    if (there) await emptyDaemon(client);
    await stopDaemon(places);
    return there;
  });
}

function release(places: Places, client: Record<string, string>): Promise<void> {
  return withLock(places.lock, undefined, () => releaseLocked(places, client));
}

async function releaseLocked(places: Places, client: Record<string, string>): Promise<void> {
  if (!(await leave(places.users)) || readdirSync(places.home).includes('kept')) return;
  await emptyDaemon(client);
  await stopDaemon(places);
}

function clientEnvironment(places: Places, env: ProvideOptions['env'] & object, own: boolean): Record<string, string> {
  const base = { HOME: env.HOME ?? '', DOCKER_BUILDKIT: '1' };
  if (own) {
    const path = `${env.PATH ?? ''}:${join(places.programs, 'all/usr/bin')}`;
    return { ...base, PATH: path, DOCKER_HOST: `unix://${places.socket}`, DOCKER_CONFIG: places.config };
  }
  const taken = ['DOCKER_HOST', 'DOCKER_CONFIG', 'DOCKER_CONTEXT', 'DOCKER_CERT_PATH', 'DOCKER_TLS_VERIFY'];
  const given = taken.flatMap((name) => (env[name] ? [[name, env[name] ?? '']] : []));
  return { ...base, PATH: env.PATH ?? '', ...Object.fromEntries(given) };
}

/** Debian's engine, unpacked. @throws Failure engine-missing */
async function provideOwn(places: Places, options: ProvideOptions): Promise<void> {
  const env = options.env ?? process.env;
  if (process.getuid?.() !== 0) throw new Failure('engine-missing', { reason: 'and only root can start one' });
  if (inPath('dockerd', { PATH: join(places.programs, 'all/usr/sbin') }).length > 0) return;
  if (!canUnpackPackages(env))
    throw new Failure('engine-missing', { reason: 'and there is no apt-get to fetch one with' });
  options.report({ kind: 'note', text: `No Docker engine answers: unpacking Debian's into ${places.programs}` });
  await intoPlace(places.programs, async (folder) => {
    await unpackPackages(PACKAGES, folder, options);
    linkIptables(folder);
  });
}

/** Debian's Compose and buildx beside the client's own configuration. @throws Failure compose-missing */
async function withPlugins(
  places: Places,
  client: Record<string, string>,
  options: ProvideOptions,
): Promise<Record<string, string>> {
  if (process.getuid?.() !== 0) throw new Failure('compose-missing', {});
  await provideTools(places, options);
  await provideBase(places, programsEnvironment(places), options);
  const plugins = join(places.config, 'cli-plugins');
  mkdirSync(plugins, { recursive: true });
  for (const name of readdirSync(join(places.base, 'plugins'))) {
    copyFileSync(join(places.base, 'plugins', name), join(plugins, name));
    chmodSync(join(plugins, name), 0o755);
  }
  const provided = { ...client, DOCKER_CONFIG: places.config };
  if ((await composePlugin(provided)) === undefined) throw new Failure('compose-missing', {});
  return provided;
}

async function localImages(places: Places, client: Record<string, string>, options: ProvideOptions): Promise<Images> {
  await provideTools(places, options);
  await provideBase(places, programsEnvironment(places), options);
  return provideImages(places, client, options);
}

/** debootstrap comes with the engine's packages; with an engine that was found, by itself. */
async function provideTools(places: Places, options: ProvideOptions): Promise<void> {
  if (inPath('debootstrap', options.env ?? process.env).length > 0) return;
  await provideOwn(places, options);
}

async function canPull(client: Record<string, string>, { report, signal }: ProvideOptions): Promise<boolean> {
  report({ kind: 'stage', title: `Pulling ${PULLED}` });
  const given = { env: client, timeout: PULL_MS, ...(signal === undefined ? {} : { signal }) };
  const there = await run('docker', ['image', 'inspect', PULLED], given);
  if (there.status === 0) return true;
  return (await run('docker', ['pull', '--quiet', PULLED], given).catch(() => ({ status: 1 }))).status === 0;
}
