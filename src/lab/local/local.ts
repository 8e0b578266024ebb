/** A lab that runs, as an object. It holds nothing that is not in its folder: any process can attach to it. */
import { existsSync } from 'node:fs';
import { readSettings, type Settings } from '../../settings.ts';
import type { Lab } from '../lab.ts';
import { backendService, backendUrl } from './backend.ts';
import { minioService } from './minio.ts';
import { ADMINISTRATOR, postgresService } from './postgres.ts';
import { readerEnvironment } from './readers.ts';
import { removeRemains } from './removal.ts';
import type { State } from './state.ts';

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
    settings,
    environment: (reader) => readerEnvironment(folder, state, settings, reader),
    services,
    backendUrl: backendUrl(state),
    async down() {
      if (!existsSync(folder)) return;
      for (const service of [services.backend, services.minio, services.postgres]) await service.stop();
      await removeRemains(folder);
    },
  };
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
