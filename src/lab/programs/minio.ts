/** MinIO's server and its client mc. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../../failure.ts';
import { cacheFolder, type Env, inPath, isProgram } from '../../process/find.ts';
import { run } from '../../process.ts';
import { buildMinioProgram } from './build-minio.ts';
import type { ProvideOptions } from './provide.ts';

export type Minio = { minio: string; mc: string; versions: { minio: string; mc: string } };

/**
 * Finds both, or builds what is missing from its source with Go.
 * @throws Failure program-missing with every way to provide them
 */
export async function provideMinio(options: ProvideOptions): Promise<Minio> {
  const minio = await provideOne('minio', options);
  const mc = await provideOne('mc', options);
  return { minio: minio.file, mc: mc.file, versions: { minio: minio.version, mc: mc.version } };
}

async function provideOne(name: 'minio' | 'mc', options: ProvideOptions): Promise<{ file: string; version: string }> {
  const env = options.env ?? process.env;
  const found = await findMinioProgram(name, env);
  if (found !== undefined) return found;
  await buildMinioProgram(name, options);
  const built = await findMinioProgram(name, env);
  if (built === undefined)
    throw new Failure('program-failed', { program: name, status: '1', message: 'it does not run' });
  return built;
}

/** In PATH, else in the cache. Another program of the same name (mc is also Midnight Commander) is passed over. */
export async function findMinioProgram(
  name: 'minio' | 'mc',
  env: Env,
): Promise<{ file: string; version: string } | undefined> {
  for (const file of [...inPath(name, env), join(cacheFolder(env), 'bin', name)]) {
    if (!isProgram(file)) continue;
    const { status, stdout } = await run(file, ['--version'], { timeout: 30_000 }).catch(() => ({
      status: 1,
      stdout: '',
    }));
    const version = status === 0 ? versionOf(name, stdout) : undefined;
    if (version !== undefined)
      return { file, version: version.startsWith('RELEASE.') ? version : builtFrom(file, name) };
  }
  return undefined;
}

/** `mc version RELEASE.2025-03-12T17-29-24Z (commit-id=…)` → the release; undefined when it is no such program. */
export function versionOf(name: 'minio' | 'mc', text: string): string | undefined {
  if (!/minio|RELEASE\./i.test(text)) return undefined;
  return new RegExp(`^${name} version (\\S+)`, 'm').exec(text)?.[1];
}

/** Programs built by Go carry their module's version, but call themselves a development version: read it from the file. */
export function builtFrom(file: string, name: 'minio' | 'mc'): string {
  const bytes = readFileSync(file);
  const entry = `mod\tgithub.com/minio/${name}\t`;
  const at = bytes.indexOf(entry);
  const version = at < 0 ? '' : bytes.toString('latin1', at + entry.length, at + entry.length + 100);
  return /^v[\w.+-]+/.exec(version)?.[0] ?? 'unknown';
}
