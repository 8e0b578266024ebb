/**
 * What an earlier start has already shown, so that the next one need not show it again. A result is remembered under a
 * hash of everything it depends on; when anything of that changes, it is no longer known.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';

const Memory = z.record(z.string(), z.object({ hash: z.string(), said: z.string() }));

export class Remembered {
  readonly #file: string;
  readonly #memory: z.infer<typeof Memory>;

  constructor(file: string) {
    this.#file = file;
    this.#memory = existsSync(file) ? (Memory.safeParse(readJson(file)).data ?? {}) : {};
  }

  /** What was said when this was done with the same hash; undefined when it must be done. */
  recall(title: string, hash: string): string | undefined {
    const known = this.#memory[title];
    return known?.hash === hash ? known.said : undefined;
  }

  remember(title: string, hash: string, said: string): void {
    this.#memory[title] = { hash, said };
    mkdirSync(dirname(this.#file), { recursive: true });
    writeFileSync(this.#file, `${JSON.stringify(this.#memory, null, 2)}\n`);
  }
}

/** A hash of texts and of every file at or below the paths: names and bytes. */
export function hashOf(paths: string[], texts: string[] = []): string {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(`${text}\0`);
  for (const path of paths) {
    for (const file of filesBelow(path)) hash.update(`${file}\0`).update(readFileSync(file)).update('\0');
  }
  return hash.digest('hex');
}

function filesBelow(path: string): string[] {
  if (!existsSync(path)) return [];
  if (statSync(path).isFile()) return [path];
  const entries = readdirSync(path, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return files.sort();
}

/** Undefined when it is not JSON: a memory that cannot be read is no memory. */
function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
