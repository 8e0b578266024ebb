/** A stack of docker-compose.yml under names and ports of its own, as a fresh clone would bring it up; removed at the end. */
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { provideEngine } from '../../../src/lab/engine/engine.ts';
import { freePort } from '../../../src/lab/local/ports.ts';
import { type Ran, run } from '../../../src/process.ts';
import { silent } from '../../../src/progress.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const MINUTES = 60_000;

export type Stack = AsyncDisposable & {
  project: string;
  ports: { backend: number; metrics: number; prometheus: number; alertmanager: number; grafana: number };
  env: Record<string, string>;
  containers: { postgres: string; minio: string; backup: string; backend: string };
  compose(...args: string[]): Promise<Ran>;
  /** With other settings, for this once. */
  composeWith(settings: Record<string, string>, ...args: string[]): Promise<Ran>;
  docker(...args: string[]): Promise<Ran>;
  /** In the backup container. */
  exec(...argv: string[]): Promise<Ran>;
};

/** What `npm run test:compose` has provided, or the engine on its own. */
async function engine(): Promise<{ env: Record<string, string> } & AsyncDisposable> {
  const names = ['DOCKER_HOST', 'DOCKER_CONFIG', 'DOCKER_CONTEXT', 'PATH', 'HOME'];
  const given = Object.entries(process.env).filter(([name]) => names.includes(name) || name.endsWith('_IMAGE'));
  if (process.env.DRILLBOOK_TEST_COMPOSE) {
    const env = Object.fromEntries(given.map(([name, value]) => [name, value ?? '']));
    return { env, [Symbol.asyncDispose]: async () => {} };
  }
  const provided = await provideEngine({ report: silent });
  return {
    env: { ...provided.client, ...provided.images },
    [Symbol.asyncDispose]: () => provided[Symbol.asyncDispose](),
  };
}

/** Names and ports for a stack; nothing is started yet. */
export async function newStack(settings: Record<string, string> = {}): Promise<Stack> {
  const held = await engine();
  // The run's mark in every name tells `npm run test:compose` what it made, also after a kill.
  const project = `stack${process.env.DRILLBOOK_TEST_COMPOSE ?? ''}${randomBytes(4).toString('hex')}`;
  const ports = {
    backend: await freePort(),
    metrics: await freePort(),
    prometheus: await freePort(),
    alertmanager: await freePort(),
    grafana: await freePort(),
  };
  const env = {
    ...held.env,
    COMPOSE_PROJECT_NAME: project,
    POSTGRES_CONTAINER: `${project}-postgres`,
    BACKUP_CONTAINER: `${project}-backup`,
    NETWORK_NAME: `${project}_network`,
    BACKEND_PORT: String(ports.backend),
    METRICS_PORT: String(ports.metrics),
    PROMETHEUS_CONTAINER: `${project}-prometheus`,
    PROMETHEUS_PORT: String(ports.prometheus),
    ALERTMANAGER_CONTAINER: `${project}-alertmanager`,
    ALERTMANAGER_PORT: String(ports.alertmanager),
    POSTGRES_EXPORTER_CONTAINER: `${project}-postgres-exporter`,
    GRAFANA_CONTAINER: `${project}-grafana`,
    GRAFANA_PORT: String(ports.grafana),
    ...settings,
  };
  const composeWith = (other: Record<string, string>, ...args: string[]) =>
    run('docker', ['compose', ...args], { env: { ...env, ...other }, cwd: ROOT, timeout: 10 * MINUTES });
  const compose = (...args: string[]) => composeWith({}, ...args);
  const docker = (...args: string[]) => run('docker', args, { env, cwd: ROOT, timeout: 10 * MINUTES });
  return {
    project,
    ports,
    env,
    containers: {
      postgres: env.POSTGRES_CONTAINER,
      backup: env.BACKUP_CONTAINER,
      minio: `${project}-minio-1`,
      backend: `${project}-backend-1`,
    },
    compose,
    composeWith,
    docker,
    exec: (...argv) => docker('exec', env.BACKUP_CONTAINER, ...argv),
    async [Symbol.asyncDispose]() {
      await compose('--profile', '*', 'down', '--volumes', '--remove-orphans', '--timeout', '5');
      await held[Symbol.asyncDispose]();
    },
  };
}

/** Looks again until it is so. @throws Error after the time, with what was looked for */
export async function eventually(
  what: string,
  holds: () => Promise<boolean>,
  milliseconds = 3 * MINUTES,
): Promise<void> {
  const deadline = Date.now() + milliseconds;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`Waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
