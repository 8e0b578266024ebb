/** Removing Compose labs: everything with the lab's label, and nothing without it. */
import { readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../../failure.ts';
import { alive } from '../../process/identity.ts';
import { PREFIX } from '../local/removal.ts';
import { docker, labelled } from './docker.ts';
import { readState, type State } from './state.ts';

/**
 * Removes containers, networks and volumes of the lab, then its folder. Safe to call twice.
 * @throws Failure program-failed when something could not be removed; the folder stays then, so that it can be tried again
 */
export async function removeAll(folder: string, state: State): Promise<void> {
  const failed: string[] = [];
  for (const kind of ['container', 'network', 'volume'] as const) {
    const names = await labelled(state, kind);
    if (names.length === 0) continue;
    const force = kind === 'container' ? ['--force', '--volumes'] : kind === 'volume' ? ['--force'] : [];
    const removed = await docker(state, [kind, 'rm', ...force, ...names]);
    if (removed.status !== 0 && (await labelled(state, kind)).length > 0) failed.push(removed.stderr.trim());
  }
  if (failed.length > 0)
    throw new Failure('program-failed', { program: 'docker', status: '1', message: failed.join(' · ') });
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** Folders of Compose labs in the system's temporary folder whose owner is gone. */
export async function composeOrphans(): Promise<{ folder: string; state: State }[]> {
  const found: { folder: string; state: State }[] = [];
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const folder = join(tmpdir(), name);
    const state = readState(folder);
    if (state?.owner != null && !(await alive(state.owner))) found.push({ folder, state });
  }
  return found;
}
