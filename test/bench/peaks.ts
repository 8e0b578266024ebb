/** The peak memory of every program below a process, read from /proc (Linux); elsewhere nothing is known. */
import { readlinkSync } from 'node:fs';
import { processIds, readOf, statOf } from '../../src/process/list.ts';

export class Peaks {
  readonly #root: number;
  readonly #peaks = new Map<number, { program: string; bytes: number }>();

  constructor(root: number) {
    this.#root = root;
  }

  look(): void {
    const parents = new Map(processIds().map((pid) => [pid, statOf(pid)?.parent]));
    for (const pid of parents.keys()) {
      if (pid === this.#root || !isBelow(pid, this.#root, parents)) continue;
      const peak = peakOf(pid, this.#root);
      if (peak !== undefined) this.#peaks.set(pid, peak);
    }
  }

  largest(): { program: string; bytes: number } | undefined {
    return [...this.#peaks.values()].toSorted((a, b) => b.bytes - a.bytes)[0];
  }
}

function isBelow(pid: number, root: number, parents: Map<number, number | undefined>): boolean {
  for (let at = parents.get(pid); at !== undefined && at > 1; at = parents.get(at)) if (at === root) return true;
  return false;
}

/** Undefined for one that has ended, and for a copy of our own process that has not become another program yet. */
function peakOf(pid: number, root: number): { program: string; bytes: number } | undefined {
  if (programOf(pid) === programOf(root)) return undefined;
  const status = readOf(pid, 'status') ?? '';
  const [, program = ''] = /^Name:\s*(.*)$/m.exec(status) ?? [];
  const [, peak] = /^VmHWM:\s*(\d+) kB$/m.exec(status) ?? [];
  return peak === undefined ? undefined : { program, bytes: Number(peak) * 1024 };
}

function programOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return '';
  }
}
