/**
 * What runs in a terminal, read from /proc (Linux): who is in front, whether it waits for a key, and who is left when
 * the terminal closes. Elsewhere nothing is known, and a time limit has to do.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';

type Entry = { pid: number; state: string; group: number; session: number; foreground: number };

/** Numbers of read(2) by processor. */
const READ: Record<string, string> = { x64: '0', arm64: '63' };
/** Numbers of poll, select, pselect6 and ppoll by processor. */
const POLL: Record<string, string[]> = { x64: ['7', '23', '270', '271'], arm64: ['72', '73'] };

export type Waiting = { program: string; certain: boolean };

/** The processes of the session that this shell leads, itself included. */
export function sessionOf(shell: number): Entry[] {
  return pids()
    .map(entryOf)
    .filter((entry) => entry?.session === shell)
    .filter((entry) => entry !== undefined);
}

/**
 * The program in front that is blocked until somebody types. `certain`: it is in a read of the terminal; otherwise it
 * only listens to the terminal among other things, as psql at its own prompt does, and should be looked at again.
 */
export function waitingForKey(shell: number): Waiting | undefined {
  const leader = entryOf(shell);
  if (leader === undefined) return undefined;
  const front = sessionOf(shell).filter((entry) => entry.group === leader.foreground && entry.state === 'S');
  let listening: Waiting | undefined;
  for (const { pid } of front) {
    const [call, argument] = (read(`/proc/${pid}/syscall`) ?? '').split(' ');
    if (call === READ[process.arch] && isTerminal(pid, Number(argument)))
      return { program: nameOf(pid), certain: true };
    if (pid !== shell && (POLL[process.arch] ?? []).includes(call ?? '') && isTerminal(pid, 0))
      listening = { program: nameOf(pid), certain: false };
  }
  return listening;
}

/** The program in front: the newest process of the foreground group. */
export function inFront(shell: number): string {
  const leader = entryOf(shell);
  const front = sessionOf(shell).filter((entry) => entry.group === leader?.foreground);
  return nameOf(front.at(-1)?.pid ?? shell);
}

function pids(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

function entryOf(pid: number): Entry | undefined {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The second field is the name in parentheses and may hold anything.
  const [state = '', , group, session, , foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { pid, state, group: Number(group), session: Number(session), foreground: Number(foreground) };
}

function nameOf(pid: number): string {
  const [program = ''] = (read(`/proc/${pid}/cmdline`) ?? '').split('\0');
  return basename(program) || (read(`/proc/${pid}/comm`) ?? '').trim() || 'a program';
}

function isTerminal(pid: number, descriptor: number): boolean {
  try {
    return /^\/dev\/(pts\/\d+|tty)$/.test(readlinkSync(`/proc/${pid}/fd/${descriptor}`));
  } catch {
    return false;
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
