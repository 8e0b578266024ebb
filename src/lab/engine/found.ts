/** The engine that answers, if there is one, and whether it and its Compose plugin are new enough. */
import { Failure } from '../../failure.ts';
import type { Env } from '../../process/find.ts';
import { run } from '../../process.ts';

/** Compose files need health conditions of depends_on, which the plugin has; images need BuildKit with secrets. */
const LEAST_ENGINE = [20, 10] as const;
/** The first with `include`. */
const LEAST_COMPOSE = [2, 20] as const;

/** @returns its version; undefined when no engine answers
 * @throws Failure engine-too-old */
export async function answeringEngine(env: Env): Promise<string | undefined> {
  const ran = await run('docker', ['version', '--format', '{{.Server.Version}}'], { env, timeout: 20_000 }).catch(
    absent,
  );
  const version = ran?.status === 0 ? ran.stdout.trim() : '';
  if (version === '') return undefined;
  if (!atLeast(version, LEAST_ENGINE)) throw new Failure('engine-too-old', { version, least: LEAST_ENGINE.join('.') });
  return version;
}

/** @returns its version; undefined when the client has no such plugin or one that is too old */
export async function composePlugin(env: Env): Promise<string | undefined> {
  const ran = await run('docker', ['compose', 'version', '--short'], { env, timeout: 20_000 }).catch(absent);
  const version = ran?.status === 0 ? ran.stdout.trim() : '';
  return atLeast(version, LEAST_COMPOSE) ? version : undefined;
}

export async function hasBuildx(env: Env): Promise<boolean> {
  return (await run('docker', ['buildx', 'version'], { env, timeout: 20_000 }).catch(absent))?.status === 0;
}

/** `28.2.2`, `v2.26.1-4`, `20.10.24+dfsg1` */
export function atLeast(version: string, least: readonly [number, number]): boolean {
  const [, major = '', minor = ''] = /^v?(\d+)\.(\d+)/.exec(version) ?? [];
  if (major === '') return false;
  return Number(major) > least[0] || (Number(major) === least[0] && Number(minor) >= least[1]);
}

function absent(error: unknown): undefined {
  if (error instanceof Failure) return undefined;
  throw error;
}
