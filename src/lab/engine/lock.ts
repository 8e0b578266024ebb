/** One at a time: a file that names the process which holds it. A holder that died holds nothing. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { alive, Identity, identify } from '../../process/identity.ts';

const LOOK_AGAIN_MS = 200;

export async function withLock<R>(file: string, signal: AbortSignal | undefined, work: () => Promise<R>): Promise<R> {
  mkdirSync(dirname(file), { recursive: true });
  const me = JSON.stringify(await identify(process.pid));
  while (!take(file, me)) {
    signal?.throwIfAborted();
    const holder = read(file);
    if (holder === undefined || !(await alive(holder))) rmSync(file, { force: true });
    else await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function take(file: string, me: string): boolean {
  try {
    writeFileSync(file, me, { flag: 'wx' });
    return true;
  } catch {
    return false;
  }
}

/** Who is named in a file; undefined when it is gone or cut short. */
export function read(file: string): Identity | undefined {
  try {
    return Identity.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}
