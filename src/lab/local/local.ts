/** A lab that runs, as an object. It holds nothing that is not in its folder: any process can attach to it. */
import { existsSync } from 'node:fs';
import { connect } from '../../postgres/connection.ts';
import { readSettings, type Settings } from '../../settings.ts';
import type { Lab } from '../lab.ts';
import { APPLICATION, backendService, backendUrl } from './backend.ts';
import { minioService } from './minio.ts';
import { ADMINISTRATOR, postgresService } from './postgres.ts';
import { readerEnvironment } from './readers.ts';
import { removeRemains } from './removal.ts';
import type { State } from './state.ts';
import { localToolbox } from './toolbox.ts';

export function localLab(folder: string, state: State): Lab {
  const settings = settingsOf(state);
  const services = {
    postgres: postgresService(folder, state),
    minio: minioService(folder, state),
    backend: backendService(folder, state, settings),
  };
  return {
    kind: 'local',
    folder,
    versions: state.versions,
    names: [],
    settings,
    environment: (reader) => readerEnvironment(folder, state, settings, reader),
    toolbox: localToolbox(folder, settings),
    shell: (reader) => ({
      program: 'bash',
      args: ['--norc', '-i'],
      env: readerEnvironment(folder, state, settings, reader),
    }),
    application: { user: APPLICATION, password: state.secrets.application },
    ownsServer: () => liesIn(folder, settings),
    services,
    backendUrl: backendUrl(state),
    async down() {
      if (!existsSync(folder)) return;
      for (const service of [services.backend, services.minio, services.postgres]) await service.stop();
      await removeRemains(folder);
    },
  };
}

/** The server itself says where its data lies. */
async function liesIn(folder: string, settings: Settings): Promise<boolean> {
  await using client = await connect(settings.postgres, { database: 'postgres' });
  const { rows } = await client.query<{ folder: string }>(`SELECT current_setting('data_directory') AS folder`);
  return rows[0]?.folder.startsWith(`${folder}/`) === true;
}

export function settingsOf(state: State): Settings {
  return readSettings({
    ...state.env,
    POSTGRES_HOST: '127.0.0.1',
    POSTGRES_PORT: String(state.ports.postgres),
    POSTGRES_USER: ADMINISTRATOR,
    POSTGRES_PASSWORD: state.secrets.administrator,
    MINIO_ENDPOINT: `http://127.0.0.1:${state.ports.minio}`,
    MINIO_ACCESS_KEY: state.secrets.access,
    MINIO_SECRET_KEY: state.secrets.secret,
  });
}
