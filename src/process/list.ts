/**
 * The processes of this machine, read from /proc (Linux); elsewhere there are none to see. Each may end between two looks, and
 * another user's may be closed to us: then there is nothing to read, which is no error.
 */
import { readdirSync, readFileSync } from 'node:fs';

export type Stat = {
  /** One letter: `R` runs, `S` waits, `Z` has ended and was not asked for its status yet. */
  state: string;
  parent: number;
  group: number;
  session: number;
  /** The group in the foreground of its terminal; -1 without one. */
  foreground: number;
  /** The instant of its start, in ticks of the clock since the machine started. */
  started: string;
};

/** Every process, ourselves included. */
export function processIds(): number[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** Undefined when there is no such process. */
export function statOf(pid: number): Stat | undefined {
  const stat = readOf(pid, 'stat');
  if (stat === undefined) return undefined;
  // The second field, the program's name in parentheses, may hold blanks and parentheses itself.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state = '', parent, group, session, , foreground] = fields;
  return {
    state,
    parent: Number(parent),
    group: Number(group),
    session: Number(session),
    foreground: Number(foreground),
    started: fields[19] ?? '',
  };
}

/** The program and its arguments; empty for one that has ended, and for the kernel's own. */
export function commandOf(pid: number): string[] {
  return entries(readOf(pid, 'cmdline'));
}

/** `NAME=value` of each variable that it was started with. */
export function environmentOf(pid: number): string[] {
  return entries(readOf(pid, 'environ'));
}

/** The text of one of its files in /proc. */
export function readOf(
  pid: number,
  file: 'stat' | 'status' | 'cmdline' | 'environ' | 'comm' | 'syscall',
): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined;
  }
}

/** Each entry ends with a NUL; a title that a server gave itself may not. */
function entries(text = ''): string[] {
  return text === '' ? [] : text.replace(/\0$/, '').split('\0');
}
