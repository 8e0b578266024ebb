/**
 * The engine that Compose labs of this process run on, and its images. It is provided once and released by the last lab.
 * Images that the environment names are taken as they are, where an engine answers.
 */
import { keepEngine, provideEngine, stopEngine } from '../engine/engine.ts';
import { answeringEngine } from '../engine/found.ts';
import type { ProvideOptions } from '../programs/provide.ts';
import { docker } from './docker.ts';

export type LabEngine = AsyncDisposable & {
  /** The environment of docker: where it is, and its engine. */
  client: Record<string, string>;
  /** Variables of docker-compose.yml that name images. */
  images: Record<string, string>;
  /** Whether we started it: it goes with its last lab. */
  own: boolean;
};

const IMAGES = ['POSTGRES_IMAGE', 'MINIO_IMAGE', 'DRILLBOOK_IMAGE'];
const CLIENT = [
  'PATH',
  'HOME',
  'DOCKER_HOST',
  'DOCKER_CONFIG',
  'DOCKER_CONTEXT',
  'DOCKER_CERT_PATH',
  'DOCKER_TLS_VERIFY',
];

let shared: { engine: Promise<LabEngine>; labs: number } | undefined;

/** @throws Failure those of `provideEngine` */
export async function enterEngine(options: ProvideOptions): Promise<LabEngine> {
  shared ??= { engine: provided(options), labs: 0 };
  const mine = shared;
  mine.labs += 1;
  let left = false;
  const leave = async (engine?: LabEngine) => {
    if (left) return;
    left = true;
    mine.labs -= 1;
    if (mine.labs > 0) return;
    if (shared === mine) shared = undefined;
    await engine?.[Symbol.asyncDispose]();
  };
  try {
    const engine = await mine.engine;
    return { ...engine, [Symbol.asyncDispose]: () => leave(engine) };
  } catch (error) {
    await leave();
    throw error;
  }
}

/** An engine of our own stays as long as a lab that was told to stay. */
export function keepWithLab({ own }: { own: boolean }): void {
  if (own) keepEngine();
}

/** After such a lab was removed by another process: ends an engine of our own that holds nothing any more. */
export async function stopUnlessUsed({ own, client }: { own: boolean; client: Record<string, string> }): Promise<void> {
  if (!own || shared !== undefined) return;
  const { status, stdout } = await docker({ client }, ['ps', '--all', '--quiet']);
  if (status === 0 && stdout.trim() === '') await stopEngine();
}

async function provided(options: ProvideOptions): Promise<LabEngine> {
  const env = options.env ?? process.env;
  const images = named(IMAGES, env);
  if (Object.keys(images).length === IMAGES.length && (await answeringEngine(env)) !== undefined)
    return { client: named(CLIENT, env), images, own: false, async [Symbol.asyncDispose]() {} };
  const engine = await provideEngine(options);
  return {
    client: engine.client,
    images: { ...engine.images },
    own: engine.own,
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}

function named(names: string[], env: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (env[name] ? [[name, env[name] ?? '']] : [])));
}
