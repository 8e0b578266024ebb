/** Docker and its Compose plugin for one lab: never with the settings of whoever runs us. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Ran, run, runOrFail } from '../../process.ts';
import { LABEL } from './override.ts';
import { projectOf, type State } from './state.ts';

const COMPOSE_FILE = fileURLToPath(new URL('../../../docker-compose.yml', import.meta.url));
export const OVERRIDE = 'compose.lab.yml';
export const VARIABLES = 'compose.env';

type Options = { timeout?: number; signal?: AbortSignal | undefined };

/** What makes `docker compose …` mean this lab, in any folder: the reader's terminal on the host has it. */
export function composeEnvironment(folder: string, state: Pick<State, 'id' | 'client'>): Record<string, string> {
  return {
    ...state.client,
    COMPOSE_PROJECT_NAME: projectOf(state),
    COMPOSE_FILE: [COMPOSE_FILE, join(folder, OVERRIDE)].join(':'),
    COMPOSE_PATH_SEPARATOR: ':',
    COMPOSE_ENV_FILES: join(folder, VARIABLES),
  };
}

/** @throws Failure program-failed, program-timeout */
export function compose(folder: string, state: State, args: string[], options: Options = {}): Promise<Ran> {
  const env = composeEnvironment(folder, state);
  return runOrFail('docker', ['compose', ...args], { env, cwd: folder, ...given(options) });
}

/** A status other than 0 is returned. */
export function docker(state: Pick<State, 'client'>, args: string[], options: Options = {}): Promise<Ran> {
  return run('docker', args, { env: state.client, timeout: 120_000, ...given(options) });
}

/** Names of what carries the lab's label: containers (also ended ones), networks or volumes. */
export async function labelled(
  state: Pick<State, 'client' | 'id'>,
  kind: 'container' | 'network' | 'volume',
): Promise<string[]> {
  const all = kind === 'container' ? ['--all'] : [];
  const { stdout } = await docker(state, [kind, 'ls', '--quiet', ...all, '--filter', `label=${LABEL}=${state.id}`]);
  return stdout.split('\n').filter(Boolean);
}

function given({ timeout, signal }: Options) {
  return { ...(timeout === undefined ? {} : { timeout }), ...(signal === undefined ? {} : { signal }) };
}
