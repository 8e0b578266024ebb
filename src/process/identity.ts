/**
 * Which process is which. A process id alone is soon given to another process, so a process is known by its id and the
 * instant of its start; nothing is ever signalled without both being right.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename } from 'node:path';
import { z } from 'zod';
import { run } from '../process.ts';
import { commandOf, environmentOf, processIds, statOf } from './list.ts';

export const Identity = z.object({
  pid: z.number().int().positive(),
  /** Opaque: differs between any two processes that had the same id, also across a restart of the machine. */
  started: z.string().min(1),
});
export type Identity = z.infer<typeof Identity>;

/** The process that has this id now; undefined when there is none, or only its remains (a zombie). */
export async function identify(pid: number): Promise<Identity | undefined> {
  if (process.platform !== 'linux') return identifyByPs(pid);
  const stat = statOf(pid);
  if (stat === undefined || stat.state === 'Z' || stat.state === 'X') return undefined;
  return { pid, started: `${boot()}:${stat.started}` };
}

/** Whether that very process is still there. */
export async function alive(identity: Identity): Promise<boolean> {
  return (await identify(identity.pid))?.started === identity.started;
}

/** Processes whose environment holds this entry (`NAME=value`), other than ourselves. Linux only; elsewhere none. */
export function processesWith(entry: string): number[] {
  return processIds().filter((pid) => pid !== process.pid && environmentOf(pid).includes(entry));
}

/** Whether this process leads a session: the shell of a terminal does. Linux only. */
export function sessionLeader(pid: number): boolean {
  return statOf(pid)?.session === pid;
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
    return `${boot()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}

/** Running programs of these names (`pg_restore`) that name the path, or something below it, on their command line. Linux only. */
export function programsAt(path: string, names: ReadonlySet<string>): number[] {
  return processIds().filter((pid) => {
    const [program = '', ...args] = commandOf(pid);
    if (pid === process.pid || !names.has(basename(program))) return false;
    return args.some((arg) => arg === path || arg.includes(`${path}/`));
  });
}

/** Another one after each start of the machine, with which the counting of process ids and of ticks begins anew. */
function boot(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}
