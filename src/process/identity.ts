/**
 * Which process is which. A process id alone is soon given to another process, so a process is known by its id and the
 * instant of its start; nothing is ever signalled without both being right.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename } from 'node:path';
import { z } from 'zod';
import { run } from '../process.ts';

export const Identity = z.object({
  pid: z.number().int().positive(),
  /** Opaque: differs between any two processes that had the same id, also across a restart of the machine. */
  started: z.string().min(1),
});
export type Identity = z.infer<typeof Identity>;

/** The process that has this id now; undefined when there is none, or only its remains (a zombie). */
export async function identify(pid: number): Promise<Identity | undefined> {
  if (process.platform !== 'linux') return identifyByPs(pid);
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field, the program's name in brackets, may hold blanks and brackets itself.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return { pid, started: `${boot}:${fields[19]}` };
  } catch {
    return undefined;
  }
}

/** Whether that very process is still there. */
export async function alive(identity: Identity): Promise<boolean> {
  return (await identify(identity.pid))?.started === identity.started;
}

/** Processes whose environment holds this entry (`NAME=value`), other than ourselves. Linux only; elsewhere none. */
export function processesWith(entry: string): number[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => {
      try {
        return readFileSync(`/proc/${name}/environ`, 'utf8').split('\0').includes(entry);
      } catch {
        return false; // ended meanwhile, or another user's
      }
    })
    .map(Number);
}

/** Whether this process leads a session: the shell of a terminal does. Linux only. */
export function sessionLeader(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]) === pid;
  } catch {
    return false; // ended meanwhile
  }
}

async function identifyByPs(pid: number): Promise<Identity | undefined> {
  const { stdout, status } = await run('ps', ['-o', 'stat=,lstart=', '-p', String(pid)]);
  const [state, ...start] = stdout.trim().split(/\s+/);
  if (status !== 0 || state === undefined || state.startsWith('Z')) return undefined;
  return { pid, started: start.join(' ') };
}

/**
 * Where the ids of processes mean the same: this machine since its start, and this container of it. A process of another place
 * cannot be looked for here.
 */
export function place(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}

/** Running programs of these names (`pg_restore`) that name the path, or something below it, on their command line. Linux only. */
export function programsAt(path: string, names: ReadonlySet<string>): number[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => {
      try {
        const [program = '', ...args] = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0');
        return names.has(basename(program)) && args.some((arg) => arg === path || arg.includes(`${path}/`));
      } catch {
        return false; // ended meanwhile
      }
    })
    .map(Number);
}
