/**
 * What a lab says differently from docker-compose.yml: names and ports of its own, the label by which its things are known,
 * addresses for the harness outside, and no scheduled work. Everything else is the stack as readers have it.
 */
import { stringify } from 'yaml';
import { containerOf, projectOf, type State } from './state.ts';

export const LABEL = 'drillbook.lab';
/** A small file system in the toolbox, for the scenario in which the disk is full. */
export const SMALL = { folder: '/restore/.small', bytes: 64 * 1024 * 1024 };

const SERVICES = ['secrets', 'postgres', 'minio', 'setup', 'backend', 'backup'] as const;
const VOLUMES = ['secrets', 'postgres', 'minio', 'restore'] as const;
const NETWORK = 'freshtrack';

/** Nothing in a lab need survive a power failure, and a reset copies whole databases. */
const QUICK = ['fsync=off', 'full_page_writes=off', 'synchronous_commit=off', 'max_wal_size=4GB'];
/** Often enough that a person, and a rehearsal, does not wait for the clock. */
const OFTEN = { interval: '1s' };

export function overrideFile(state: State): string {
  const labels = { [LABEL]: state.id };
  const services: Record<string, object> = Object.fromEntries(SERVICES.map((name) => [name, { labels }]));
  const published = (port: number, inside: number) => ({ labels, ports: [`127.0.0.1:${port}:${inside}`] });
  services.postgres = {
    ...published(state.ports.postgres, 5432),
    command: ['postgres', ...QUICK.flatMap((setting) => ['-c', setting])],
    healthcheck: OFTEN,
  };
  services.minio = { ...published(state.ports.minio, 9000), healthcheck: OFTEN };
  services.backend = { labels, healthcheck: OFTEN };
  services.backup = {
    labels,
    // The toolbox without the agent: its backups would come between a page and what it must find.
    command: ['sh', '-c', 'node /app/deploy/backup/furnish.ts && exec sleep infinity'],
    healthcheck: { test: ['CMD', 'test', '-e', '/run/toolbox/environment'], ...OFTEN },
    stop_grace_period: '2s',
    tmpfs: [`${SMALL.folder}:mode=0700,uid=1000,gid=1000,size=${SMALL.bytes}`],
  };
  return stringify({
    services,
    volumes: Object.fromEntries(VOLUMES.map((name) => [name, { labels }])),
    networks: { [NETWORK]: { labels } },
  });
}

/** The variables of docker-compose.yml. It takes the place of any `.env`. */
export function environmentFile(state: State): string {
  const { secrets, ports, images, env, rows } = state;
  const values: Record<string, string> = {
    ...env,
    ...images,
    COMPOSE_PROJECT_NAME: projectOf(state),
    POSTGRES_CONTAINER: containerOf(state, 'postgres'),
    BACKUP_CONTAINER: containerOf(state, 'backup'),
    NETWORK_NAME: projectOf(state),
    BACKEND_PORT: String(ports.backend),
    METRICS_PORT: String(ports.metrics),
    POSTGRES_PASSWORD: secrets.administrator,
    MINIO_ACCESS_KEY: secrets.access,
    MINIO_SECRET_KEY: secrets.secret,
    APPLICATION_PASSWORD: secrets.application,
    SAMPLE_ROWS: String(rows),
  };
  return Object.entries(values)
    .map(([name, value]) => `${name}='${value}'\n`)
    .join('');
}
