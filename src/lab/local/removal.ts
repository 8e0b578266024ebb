/** Removing labs: one's own, and those whose owner ended without doing it. Nothing without our mark is touched. */
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { alive, identify, processesWith } from '../../process/identity.ts';
import { endProcess, serviceMark } from './daemon.ts';
import { readState } from './state.ts';

export const PREFIX = 'drillbook-lab-';

/**
 * Ends whatever of the lab still runs, also what was started in the instant before its id could be written down, and
 * removes the folder. The services' own stop comes first; this is for what is left.
 */
export async function removeRemains(folder: string): Promise<void> {
  const entry = serviceMark(folder).join('=');
  for (const pid of processesWith(entry)) {
    const identity = await identify(pid);
    // Read again: the id may have gone to another process since.
    if (identity !== undefined && processesWith(entry).includes(pid)) await endProcess(identity, ['SIGINT', 'SIGTERM']);
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** Folders of this user's labs in the system's temporary folder whose owner is gone. */
export async function orphans(): Promise<string[]> {
  const found: string[] = [];
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const folder = join(tmpdir(), name);
    const state = readState(folder);
    if (state?.owner == null || !isOurs(folder) || (await alive(state.owner))) continue;
    found.push(folder);
  }
  return found;
}

function isOurs(folder: string): boolean {
  return existsSync(folder) && statSync(folder).uid === process.getuid?.();
}
