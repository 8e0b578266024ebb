/** Whether a server that we started takes connections yet. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Asks no password: the server writes its id on the first line of this file of its data folder and its state on the eighth. */
export function isReady(data: string, pid: number): boolean {
  try {
    const lines = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n');
    return Number(lines[0]) === pid && lines[7]?.trim() === 'ready';
  } catch {
    return false; // not yet written
  }
}
