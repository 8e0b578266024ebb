/** Who uses the private engine now: it is stopped when the last one leaves. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { alive, identify } from '../../process/identity.ts';
import { read } from './lock.ts';

export async function enter(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, String(process.pid)), JSON.stringify(await identify(process.pid)));
}

/** @returns whether nobody is left; those who died without leaving are taken off */
export async function leave(folder: string): Promise<boolean> {
  rmSync(join(folder, String(process.pid)), { force: true });
  let left = 0;
  for (const name of readdirSync(folder)) {
    const user = read(join(folder, name));
    if (user !== undefined && (await alive(user))) left += 1;
    else rmSync(join(folder, name), { force: true });
  }
  return left === 0;
}
