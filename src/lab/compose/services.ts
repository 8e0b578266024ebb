/** A service of a Compose lab: one container, stopped and started in place, so that its data stays. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Failure } from '../../failure.ts';
import { connect } from '../../postgres/connection.ts';
import { until } from '../../process/wait.ts';
import { lastLines } from '../../process.ts';
import type { Settings } from '../../settings.ts';
import type { Service } from '../lab.ts';
import { compose, docker } from './docker.ts';
import { containerOf, type ServiceName, type State } from './state.ts';

const START_MS = 60_000;

export function composeServices(folder: string, state: State, settings: Settings) {
  const make = (name: ServiceName, ready: () => Promise<boolean>) => service(folder, state, name, ready);
  return {
    postgres: make('postgres', () => accepts(settings)),
    minio: make('minio', () => answers(`http://127.0.0.1:${state.ports.minio}/minio/health/live`)),
    // It is up when it answers; whether its database is there is what /readyz tells.
    backend: make('backend', () => answers(`http://127.0.0.1:${state.ports.backend}/livez`)),
    backup: make('backup', async () => true),
  };
}

function service(folder: string, state: State, name: ServiceName, ready: () => Promise<boolean>): Service {
  const container = containerOf(state, name);
  const log = join(folder, 'log', `${name}.log`);
  const status = async () => {
    const { stdout } = await docker(state, ['inspect', '--format', '{{.State.Status}}', container]);
    return stdout.trim();
  };
  const collect = async () => {
    const { stdout, stderr } = await docker(state, ['logs', '--timestamps', container]);
    mkdirSync(dirname(log), { recursive: true });
    // Docker keeps both streams; their times put them in order again.
    const lines = `${stdout}${stderr}`.split('\n').filter(Boolean).sort();
    writeFileSync(log, lines.map((line) => `${line}\n`).join(''), { mode: 0o600 });
    return lines.join('\n');
  };
  return {
    log,
    async collect() {
      await collect();
    },
    running: async () => (await status()) === 'running',
    async start() {
      const now = await status();
      // A page may have removed it; then it is made again as docker-compose.yml says.
      if (now === '') await compose(folder, state, ['up', '--detach', name], { timeout: START_MS });
      else if (now !== 'running') await docker(state, ['start', container]);
      if (await until(ready, { timeout: START_MS })) return;
      throw new Failure('service-not-started', { service: name, message: lastLines(await collect()), log });
    },
    async stop() {
      if ((await status()) === 'running') await docker(state, ['stop', '--time', '15', container]);
    },
  };
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}

async function accepts({ postgres }: Settings): Promise<boolean> {
  try {
    await using client = await connect(postgres, { database: 'postgres' });
    await client.query('SELECT 1');
    return true;
  } catch (error) {
    // A page may have dropped that database; the server is there all the same.
    return error instanceof Failure && error.code === 'database-missing';
  }
}
