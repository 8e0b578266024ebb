/** The lab's object store: one MinIO server with one bucket. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, runOrFail } from '../../process.ts';
import type { Service } from '../lab.ts';
import { daemonService } from './daemon.ts';
import type { State } from './state.ts';

export function minioService(folder: string, state: State): Service {
  const home = join(folder, 'minio');
  return daemonService({
    name: 'minio',
    folder,
    port: state.ports.minio,
    program: state.programs.minio,
    args: ['server', '--address', `127.0.0.1:${state.ports.minio}`, join(home, 'data')],
    env: {
      PATH: process.env.PATH ?? '',
      HOME: home,
      MINIO_ROOT_USER: state.secrets.access,
      MINIO_ROOT_PASSWORD: state.secrets.secret,
      // No web console, no questions to the vendor's update server, and no watcher of the configuration.
      MINIO_BROWSER: 'off',
      MINIO_UPDATE: 'off',
      MINIO_CONFIG_DIR: join(home, 'config'),
    },
    cwd: '/',
    // With our credentials, so that another server on this port cannot be taken for ours.
    ready: async () =>
      (await run(state.programs.mc, ['ls', 'store'], { env: mcEnv(home), timeout: 20_000 })).status === 0,
    stopSignals: ['SIGTERM'],
  });
}

/** Makes the folders, and mc's configuration for ourselves. */
export function prepareMinio(folder: string, state: State): void {
  const home = join(folder, 'minio');
  mkdirSync(join(home, 'data'), { recursive: true });
  writeMcConfig(join(home, 'mc'), state);
}

/** @throws Failure program-failed */
export async function makeBucket(folder: string, state: State, bucket: string): Promise<void> {
  const env = mcEnv(join(folder, 'minio'));
  await runOrFail(state.programs.mc, ['mb', '--ignore-existing', `store/${bucket}`], { env, timeout: 30_000 });
}

/** Writes the alias `store` as `mc alias set` would, without the credentials on a command line. */
export function writeMcConfig(directory: string, state: State): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const store = {
    url: `http://127.0.0.1:${state.ports.minio}`,
    accessKey: state.secrets.access,
    secretKey: state.secrets.secret,
    api: 'S3v4',
    path: 'auto',
  };
  const file = join(directory, 'config.json');
  writeFileSync(file, `${JSON.stringify({ version: '10', aliases: { store } }, null, 2)}\n`, { mode: 0o600 });
}

function mcEnv(home: string): Record<string, string> {
  return { PATH: process.env.PATH ?? '', HOME: home, MC_CONFIG_DIR: join(home, 'mc') };
}
