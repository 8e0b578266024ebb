/**
 * A PostgreSQL server of one's own that nothing depends on: made in a folder, reached through a socket in it and in no other way, and as
 * fast as a server may be whose data nobody will miss.
 */
import { randomBytes } from 'node:crypto';
import { appendFileSync, chownSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../failure.ts';
import { alive, type Identity, identify } from '../process/identity.ts';
import { until } from '../process/wait.ts';
import { lastLines, launch, runOrFail } from '../process.ts';
import type { Settings } from '../settings.ts';
import type { PostgresPrograms } from './programs.ts';
import { isReady } from './ready.ts';
import { asServerUser, serverUser } from './server-user.ts';

const START_MS = 60_000;
const STOP_MS = 15_000;
/** The path of a socket has room in so many bytes. */
const LONGEST_SOCKET = 107;
const PORT = 5432;

/** Nothing is forced to the disk, nothing is kept for a crash or a replica, nobody tidies up beside the restore. */
const configuration = (socket: string) => `
listen_addresses = ''
unix_socket_directories = '${socket.replaceAll("'", "''")}'
unix_socket_permissions = 0700
port = ${PORT}
fsync = off
full_page_writes = off
synchronous_commit = off
wal_level = minimal
max_wal_senders = 0
max_wal_size = 4GB
checkpoint_timeout = 1d
autovacuum = off
shared_buffers = 128MB
maintenance_work_mem = 256MB
max_connections = 40
max_locks_per_transaction = 1024
restart_after_crash = off
timezone = 'UTC'
lc_messages = 'C'
`;

export type ThrowawayServer = AsyncDisposable & {
  /** How it is reached: as a superuser whose name nobody else has. */
  settings: Settings['postgres'];
  programs: PostgresPrograms;
};

/** Whom the folder of such a server must belong to; undefined: to us. */
export const throwawayOwner = serverUser;

/**
 * Makes and starts one in an empty folder that belongs to `throwawayOwner()`; disposing stops it at once, and leaves the folder.
 * @param database the `database` of its settings
 * @throws Failure own-server-failed; the signal's reason
 */
export async function startThrowaway(
  programs: PostgresPrograms,
  folder: string,
  database: string,
  signal: AbortSignal,
): Promise<ThrowawayServer> {
  const owner = serverUser();
  const [data, socket, log] = [join(folder, 'data'), join(folder, 'socket'), join(folder, 'log')];
  const name = `drillbook_${randomBytes(4).toString('hex')}`;
  const version = programs.version;
  const longest = join(socket, `.s.PGSQL.${PORT}.lock`);
  if (Buffer.byteLength(longest) > LONGEST_SOCKET)
    throw new Failure('own-server-failed', {
      version,
      message: `the path of its socket would be too long: ${longest}`,
    });
  for (const path of [data, socket]) {
    mkdirSync(path, { mode: 0o700 });
    if (owner !== undefined) chownSync(path, owner.uid, owner.gid);
  }
  const env = { PATH: process.env.PATH ?? '', LC_ALL: 'C', TZ: 'UTC' };
  const options = [
    `--pgdata=${data}`,
    `--username=${name}`,
    '--auth=trust',
    '--encoding=UTF8',
    '--no-locale',
    '--no-sync',
  ];
  const initdb = asServerUser(join(programs.bin, 'initdb'), options, owner);
  try {
    await runOrFail(initdb.program, initdb.args, { cwd: '/', env, timeout: 120_000, signal });
  } catch (cause) {
    signal.throwIfAborted();
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new Failure('own-server-failed', { version, message }, { cause });
  }
  appendFileSync(join(data, 'postgresql.conf'), configuration(socket));
  const server = asServerUser(join(programs.bin, 'postgres'), ['-D', data], owner);
  const pid = await launch(server.program, server.args, { cwd: '/', env, log });
  const identity = await identify(pid);
  const gone = async () => identity === undefined || !(await alive(identity));
  const stop = () => stopServer(identity);
  try {
    await until(async () => (await gone()) || isReady(data, pid), { timeout: START_MS, signal });
    if ((await gone()) || !isReady(data, pid))
      throw new Failure('own-server-failed', { version, message: lastLines(readFileSync(log, 'utf8')) });
  } catch (error) {
    await stop();
    throw error;
  }
  const settings = { host: socket, port: PORT, user: name, password: '', database };
  return { settings, programs, [Symbol.asyncDispose]: stop };
}

/** Without a checkpoint: nobody will read the data again. SIGKILL only when it must be, for it leaves shared memory behind. */
async function stopServer(identity: Identity | undefined): Promise<void> {
  if (identity === undefined) return;
  const gone = async () => !(await alive(identity));
  for (const signal of ['SIGQUIT', 'SIGKILL'] as const) {
    if (await gone()) return;
    try {
      process.kill(identity.pid, signal);
    } catch {
      // ended between the look and the signal
    }
    if (await until(gone, { timeout: STOP_MS })) return;
  }
}
