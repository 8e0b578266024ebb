/** The sample application as a process of the lab. */
import { fileURLToPath } from 'node:url';
import { quoteIdentifier } from '../../postgres/connection.ts';
import type { Settings, TableName } from '../../settings.ts';
import type { Service } from '../lab.ts';
import { daemonService } from './daemon.ts';
import type { State } from './state.ts';

/** The application's own role: no superuser, so that row-level security holds for it. */
export const APPLICATION = 'freshtrack_app';

const MAIN = fileURLToPath(new URL('../application/main.ts', import.meta.url));

export function backendService(folder: string, state: State, settings: Settings): Service {
  return daemonService({
    name: 'backend',
    folder,
    port: state.ports.backend,
    program: process.execPath,
    args: [MAIN],
    env: {
      PATH: process.env.PATH ?? '',
      TZ: 'UTC',
      LISTEN: `127.0.0.1:${state.ports.backend}`,
      PGHOST: '127.0.0.1',
      PGPORT: String(state.ports.postgres),
      PGUSER: APPLICATION,
      PGPASSWORD: state.secrets.application,
      PGDATABASE: settings.postgres.database,
      KEY_TABLES: JSON.stringify(settings.keyTables.map(qualified)),
    },
    cwd: folder,
    // It is up when it answers; whether its database is there is what /readyz tells.
    ready: (pid) => answers(`http://127.0.0.1:${state.ports.backend}/livez`, pid),
    stopSignals: ['SIGTERM'],
  });
}

export function backendUrl(state: State): string {
  return `http://127.0.0.1:${state.ports.backend}`;
}

function qualified({ schema, name }: TableName): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}

/** The answer names the process, so that another program on this port cannot be taken for ours. */
async function answers(url: string, pid: number): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    return response.ok && (await response.text()).includes(`"pid":${pid}`);
  } catch {
    return false;
  }
}
