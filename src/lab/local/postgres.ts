/**
 * The lab's PostgreSQL server: made by initdb, owned by the administrator's role, reached by password over loopback and
 * over a socket in the lab's folder.
 */
import { appendFileSync, chownSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isReady } from '../../postgres/ready.ts';
import { asServerUser, serverUser } from '../../postgres/server-user.ts';
import { runOrFail } from '../../process.ts';
import type { Service } from '../lab.ts';
import { daemonService, serviceMark } from './daemon.ts';
import type { State } from './state.ts';

/** As the official image's POSTGRES_USER: the superuser who owns everything in the sample. */
export const ADMINISTRATOR = 'freshtrack';

/** Unix socket paths are cut at about 107 bytes; a longer folder does without. */
const LONGEST_SOCKET_FOLDER = 90;

/**
 * A lab's data is worth nothing after a crash of the machine, so nothing is forced to disk (fsync and its relatives are
 * off); everything a client can see is as on a real server. Times measured here are those of a disk that never waits.
 */
const configuration = (folder: string, port: number) => `
listen_addresses = '127.0.0.1'
port = ${port}
unix_socket_directories = '${folder.length > LONGEST_SOCKET_FOLDER ? '' : join(folder, 'socket').replaceAll("'", "''")}'
unix_socket_permissions = 0777
fsync = off
full_page_writes = off
synchronous_commit = off
shared_buffers = 256MB
maintenance_work_mem = 128MB
max_wal_size = 4GB
checkpoint_timeout = 30min
max_connections = 100
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %q%u@%d '
password_encryption = 'scram-sha-256'
`;

export function postgresService(folder: string, state: State): Service {
  const data = join(folder, 'postgres', 'data');
  const server = asServerUser(join(state.programs.postgres, 'postgres'), ['-D', data], serverUser());
  return daemonService({
    name: 'postgres',
    folder,
    port: state.ports.postgres,
    ...server,
    env: { PATH: process.env.PATH ?? '', LANG: 'C.UTF-8', TZ: 'UTC' },
    cwd: '/',
    ready: async (pid) => isReady(data, pid),
    // Fast shutdown ends the sessions; immediate does not wait for a checkpoint.
    stopSignals: ['SIGINT', 'SIGQUIT'],
  });
}

/**
 * Makes the data folder.
 * @throws Failure program-failed
 */
export async function initialise(folder: string, state: State, signal?: AbortSignal): Promise<void> {
  const user = serverUser();
  const home = join(folder, 'postgres');
  const data = join(home, 'data');
  const passwordFile = join(home, 'password');
  for (const path of [home, join(folder, 'socket')]) {
    mkdirSync(path, { recursive: true });
    if (user !== undefined) chownSync(path, user.uid, user.gid);
  }
  writeFileSync(passwordFile, state.secrets.administrator, { mode: 0o600 });
  if (user !== undefined) chownSync(passwordFile, user.uid, user.gid);
  const [mark, value] = serviceMark(folder);
  const initdb = asServerUser(
    join(state.programs.postgres, 'initdb'),
    [
      `--pgdata=${data}`,
      `--username=${ADMINISTRATOR}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      // Every Linux has C.UTF-8; other systems name their locales in their own ways.
      process.platform === 'linux' ? '--locale=C.UTF-8' : '--no-locale',
      '--no-sync',
    ],
    user,
  );
  await runOrFail(initdb.program, initdb.args, {
    cwd: '/',
    env: { PATH: process.env.PATH, TZ: 'UTC', [mark]: value },
    timeout: 120_000,
    ...(signal === undefined ? {} : { signal }),
  });
  rmSync(passwordFile);
  configure(folder, state.ports.postgres);
}

/** Appends our settings; of a setting that is named twice PostgreSQL takes the last. */
function configure(folder: string, port: number): void {
  appendFileSync(join(folder, 'postgres', 'data', 'postgresql.conf'), configuration(folder, port));
}
