/** The lab that commands speak of: the one DRILLBOOK_LAB names, else the one that `lab up` made last. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { Failure } from '../failure.ts';
import type { Lab } from './lab.ts';
import { attachLab } from './up.ts';

const FILE = fileURLToPath(new URL('../../.drillbook/lab.json', import.meta.url));
const Pointer = z.object({ folder: z.string() });

/** @throws Failure lab-missing */
export async function currentLab(env: Record<string, string | undefined> = process.env): Promise<Lab> {
  const folder = env.DRILLBOOK_LAB || remembered();
  if (folder === undefined) throw new Failure('lab-missing');
  return attachLab(folder);
}

export function rememberLab(folder: string): void {
  mkdirSync(dirname(FILE), { recursive: true });
  writeFileSync(FILE, `${JSON.stringify({ folder })}\n`);
}

/** Forgets this lab, and no other. */
export function forgetLab(folder: string): void {
  if (remembered() === folder) rmSync(FILE, { force: true });
}

function remembered(): string | undefined {
  try {
    return Pointer.parse(JSON.parse(readFileSync(FILE, 'utf8'))).folder;
  } catch {
    return undefined;
  }
}
