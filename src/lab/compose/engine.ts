/** The engine that a Compose lab runs on, and the images it has. */
import type { Report } from '../../progress.ts';

export type Engine = {
  /** The environment of docker: where it is, and its engine. */
  client: Record<string, string>;
  /** Variables of docker-compose.yml that name images. */
  images: Record<string, string>;
};

export async function composeEngine(_: { report: Report; signal?: AbortSignal | undefined }): Promise<Engine> {
  const names = ['PATH', 'HOME', 'DOCKER_HOST', 'DOCKER_CONFIG', 'DOCKER_CONTEXT'];
  const images = ['POSTGRES_IMAGE', 'MINIO_IMAGE', 'DRILLBOOK_IMAGE'];
  const of = (wanted: string[]) =>
    Object.fromEntries(wanted.flatMap((name) => (process.env[name] ? [[name, process.env[name] ?? '']] : [])));
  return { client: of(names), images: of(images) };
}
