/** The readers of a Compose lab: the toolbox's own user, as the administrator of the server or as the plain owner. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Settings } from '../../settings.ts';
import { PLAIN_OWNER, type Reader } from '../local/readers.ts';
import type { State } from './state.ts';

export const ADMINISTRATOR = 'freshtrack';

/**
 * The environment of a shell in the toolbox, secrets by their values: the container has them in files, and values win over
 * files (src/settings.ts).
 */
export function readerEnvironment(state: State, reader: Reader): Record<string, string> {
  const { secrets, toolbox } = state;
  const [user, password] =
    reader === 'administrator' ? [ADMINISTRATOR, secrets.administrator] : [PLAIN_OWNER, secrets.plainOwner];
  return {
    ...toolbox,
    PGUSER: user,
    POSTGRES_USER: user,
    POSTGRES_PASSWORD: password,
    MINIO_ACCESS_KEY: secrets.access,
    MINIO_SECRET_KEY: secrets.secret,
  };
}

/** The plain owner's `.pgpass` in the toolbox. */
export function passwordFile({ toolbox, secrets }: State): string {
  const { PGHOST = 'postgres', PGPORT = '5432' } = toolbox;
  return `${[PGHOST, PGPORT, '*', PLAIN_OWNER, secrets.plainOwner].join(':')}\n`;
}

type Outside = {
  folder: string;
  work: string;
  state: State;
  settings: Settings;
  /** The reader's, in the toolbox. */
  environment: Record<string, string>;
};

/** The same person on this machine: another address of the same servers, the same names and passwords. */
export async function outsideEnvironment(outside: Outside): Promise<Record<string, string>> {
  const { folder, work, state, settings, environment } = outside;
  const { host, port } = settings.postgres;
  const PGPASSFILE = join(work, 'outside.pgpass');
  const { POSTGRES_USER = '', POSTGRES_PASSWORD = '' } = environment;
  await writeFile(PGPASSFILE, `${[host, port, '*', POSTGRES_USER, POSTGRES_PASSWORD].join(':')}\n`, { mode: 0o600 });
  const kept = Object.entries(environment).filter(
    ([name]) =>
      /^(POSTGRES_|MINIO_|KEY_TABLES$|MIN_TABLES$|BUCKET$|PGUSER$|LANG$|TZ$)/.test(name) && !name.endsWith('_FILE'),
  );
  return {
    ...Object.fromEntries(kept),
    ...state.client,
    HOME: join(work, 'host-home'),
    TMPDIR: join(work, 'tmp'),
    DRILLBOOK_LAB: folder,
    PGPASSFILE,
    PGHOST: host,
    PGPORT: String(port),
    POSTGRES_HOST: host,
    POSTGRES_PORT: String(port),
    MINIO_ENDPOINT: settings.store.endpoint.origin,
  };
}
