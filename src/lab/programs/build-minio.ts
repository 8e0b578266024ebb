/**
 * MinIO from its source. The vendor publishes no programs any more; the sources are archived in the Go module proxy, and
 * each version here is the last of its kind.
 */
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../../failure.ts';
import { cacheFolder } from '../../process/find.ts';
import { provideGo } from './go.ts';
import { narrate } from './narrate.ts';
import type { ProvideOptions } from './provide.ts';
import { sweep } from './unpack.ts';

const MODULES = {
  minio: 'github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c',
  mc: 'github.com/minio/mc@v0.0.0-20250313080218-cf909e1063a9',
} as const;

const BUILDING = '.building-';

const WAYS = (name: string) =>
  [
    `Any of these provides it: a program ${name} of MinIO in PATH or in ~/.cache/drillbook/bin;`,
    'Go 1.21 or newer in PATH or /usr/local/go, with which Drillbook builds it;',
    'python3 with pip, by which Drillbook fetches Go;',
    'or, as root on Debian, DRILLBOOK_INSTALL=yes, by which Drillbook installs pip or Go.',
  ].join(' ');

/**
 * Builds one program into the cache's `bin`. What Go fetched is kept until both are built, so that a build that was cut short
 * goes on where it ended.
 * @throws Failure program-missing when there is no Go and no way to one, program-failed with Go's own last lines
 */
export async function buildMinioProgram(name: 'minio' | 'mc', options: ProvideOptions): Promise<void> {
  const { report, signal } = options;
  const env = options.env ?? process.env;
  const cache = cacheFolder(env);
  const go = await provideGo(options);
  if (go === undefined) throw new Failure('program-missing', { program: `MinIO’s ${name}`, ways: WAYS(name) });
  const bin = join(cache, 'bin');
  mkdirSync(bin, { recursive: true });
  sweep(cache, BUILDING);
  const target = mkdtempSync(join(cache, BUILDING));
  report({ kind: 'note', text: `Building ${MODULES[name]} with ${go} into ${bin}` });
  report({
    kind: 'stage',
    title: `Building ${name} (once; ${name === 'minio' ? 'about two minutes' : 'half a minute'})`,
  });
  try {
    await narrate(go, ['install', '-v', '-trimpath', '-ldflags', '-s -w', MODULES[name]], {
      env: { ...env, CGO_ENABLED: '0', GOBIN: target, ...folders(cache) },
      cwd: cache,
      report,
      signal,
    });
    chmodSync(join(target, name), 0o755);
    renameSync(join(target, name), join(bin, name));
  } finally {
    rmSync(target, { recursive: true, force: true });
  }
  if (name !== 'mc') return;
  for (const used of ['go', 'go-toolchain']) rmSync(join(cache, used), { recursive: true, force: true });
}

/** Go's folders below the cache, writable, so that they can be removed. */
function folders(cache: string): Record<string, string> {
  return {
    GOPATH: join(cache, 'go', 'path'),
    GOCACHE: join(cache, 'go', 'build'),
    GOFLAGS: '-modcacherw',
    GOTOOLCHAIN: 'auto',
  };
}
