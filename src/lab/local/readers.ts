/**
 * The two readers of a lab and their terminals: a home folder each with passwords and the alias `store`, and an
 * environment that holds nothing but what is listed here, so that a rehearsal can reach this lab and nothing else.
 */
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Settings } from '../../settings.ts';
import { keyTableName } from './key-tables.ts';
import { writeMcConfig } from './minio.ts';
import { ADMINISTRATOR } from './postgres.ts';
import type { State } from './state.ts';

export type Reader = 'administrator' | 'plain-owner';

/** The reader who is no superuser: may make databases and end sessions of ordinary roles. */
export const PLAIN_OWNER = 'freshtrack_owner_plain';

export const roleOf = (reader: Reader) => (reader === 'administrator' ? ADMINISTRATOR : PLAIN_OWNER);
export const passwordOf = (reader: Reader, state: State) =>
  reader === 'administrator' ? state.secrets.administrator : state.secrets.plainOwner;

const CLI = fileURLToPath(new URL('../../cli/drillbook.mjs', import.meta.url));

/** Makes the home folders and `bin/`, which holds mc and a launcher for this very program. */
export function prepareReaders(folder: string, state: State): void {
  for (const reader of ['administrator', 'plain-owner'] as const) {
    const home = homeOf(folder, reader);
    mkdirSync(home, { recursive: true, mode: 0o700 });
    const line = ['127.0.0.1', state.ports.postgres, '*', roleOf(reader), passwordOf(reader, state)].join(':');
    writeFileSync(join(home, '.pgpass'), `${line}\n`, { mode: 0o600 });
    writeFileSync(join(home, '.pg_service.conf'), '', { mode: 0o600 });
    writeMcConfig(join(home, '.mc'), state);
  }
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  symlinkSync(state.programs.mc, join(bin, 'mc'));
  const launcher = join(bin, 'drillbook');
  writeFileSync(launcher, `#!/bin/sh\nexec ${quoted(process.execPath)} ${quoted(CLI)} "$@"\n`);
  chmodSync(launcher, 0o755);
}

export function readerEnvironment(
  folder: string,
  state: State,
  settings: Settings,
  reader: Reader,
): Record<string, string> {
  const home = homeOf(folder, reader);
  const system = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
  const { postgres, store } = settings;
  return {
    PATH: [join(folder, 'bin'), state.programs.postgres, ...system].join(':'),
    HOME: home,
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    TMPDIR: tmpOf(folder),
    PGPASSFILE: join(home, '.pgpass'),
    PGSERVICEFILE: join(home, '.pg_service.conf'),
    MC_CONFIG_DIR: join(home, '.mc'),
    DRILLBOOK_LAB: folder,
    PGHOST: postgres.host,
    PGPORT: String(postgres.port),
    PGUSER: roleOf(reader),
    BUCKET: `${store.bucket}/${store.prefix}`.replace(/\/$/, ''),
    KEY_TABLES: settings.keyTables.map(keyTableName).join(','),
    MIN_TABLES: String(settings.minTables),
    POSTGRES_HOST: postgres.host,
    POSTGRES_PORT: String(postgres.port),
    POSTGRES_USER: roleOf(reader),
    POSTGRES_PASSWORD: passwordOf(reader, state),
    POSTGRES_DB: postgres.database,
    MINIO_ENDPOINT: store.endpoint.origin,
    MINIO_ACCESS_KEY: store.accessKey,
    MINIO_SECRET_KEY: store.secretKey,
    MINIO_BUCKET: store.bucket,
    MINIO_PREFIX: store.prefix,
    MINIO_REGION: store.region,
  };
}

/** Below the lab, so that nothing a reader leaves behind outlives it. */
export function tmpOf(folder: string): string {
  return join(folder, 'tmp');
}

export function homeOf(folder: string, reader: Reader): string {
  return join(folder, 'home', reader);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
