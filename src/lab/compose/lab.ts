/** A Compose lab that runs, as an object. It holds nothing that is not in its folder: any process can attach to it. */
import { existsSync } from 'node:fs';
import { connect } from '../../postgres/connection.ts';
import { readSettings, type Settings } from '../../settings.ts';
import { execIn } from '../container.ts';
import type { Lab } from '../lab.ts';
import { APPLICATION } from '../local/backend.ts';
import { docker } from './docker.ts';
import { LABEL } from './override.ts';
import { ADMINISTRATOR, readerEnvironment } from './readers.ts';
import { removeAll } from './removal.ts';
import { composeServices } from './services.ts';
import { containerOf, projectOf, type State } from './state.ts';
import { composeToolbox } from './toolbox.ts';

export function composeLab(folder: string, state: State): Lab {
  const settings = settingsOf(state);
  const { backup: _, ...services } = composeServices(folder, state, settings);
  return {
    kind: 'compose',
    folder,
    versions: state.versions,
    names: [projectOf(state)],
    settings,
    environment: (reader) => readerEnvironment(state, reader),
    toolbox: composeToolbox(folder, state, settings),
    shell: () => shellOf(state),
    application: { user: APPLICATION, password: state.secrets.application },
    ownsServer: () => isOurs(state, settings),
    services,
    backendUrl: `http://127.0.0.1:${state.ports.backend}`,
    async down() {
      if (existsSync(folder)) await removeAll(folder, state);
    },
  };
}

/** As the harness sees it: at the published addresses of this machine. */
export function settingsOf({ ports, secrets, env }: Pick<State, 'ports' | 'secrets' | 'env'>): Settings {
  return readSettings({
    ...env,
    POSTGRES_HOST: '127.0.0.1',
    POSTGRES_PORT: String(ports.postgres),
    POSTGRES_USER: ADMINISTRATOR,
    POSTGRES_PASSWORD: secrets.administrator,
    MINIO_ENDPOINT: `http://127.0.0.1:${ports.minio}`,
    MINIO_ACCESS_KEY: secrets.access,
    MINIO_SECRET_KEY: secrets.secret,
  });
}

function shellOf(state: State) {
  const container = { name: containerOf(state, 'backup'), client: state.client, folder: '/restore', mark: 'practice' };
  return execIn(container, ['bash'], { terminal: true });
}

/** The container carries our label, and the server in it is the one that answers at the published address. */
async function isOurs(state: State, settings: Settings): Promise<boolean> {
  const container = containerOf(state, 'postgres');
  const label = await docker(state, ['inspect', '--format', `{{index .Config.Labels "${LABEL}"}}`, container]);
  if (label.stdout.trim() !== state.id) return false;
  const question = 'SELECT system_identifier::text AS id FROM pg_control_system()';
  const psql = ['psql', '-X', '-A', '-t', '--username', ADMINISTRATOR, '--dbname=postgres', '--command', question];
  const inside = await docker(state, ['exec', container, ...psql]);
  await using client = await connect(settings.postgres, { database: 'postgres' });
  const { rows } = await client.query<{ id: string }>(question);
  return inside.status === 0 && inside.stdout.trim() === rows[0]?.id;
}
