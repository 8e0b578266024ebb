/**
 * What runs in a terminal, read from /proc (Linux): who is in front, whether it waits for a key, and who is left when
 * the terminal closes. Elsewhere nothing is known, and a time limit has to do.
 */
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync } from 'node:fs';
import { basename } from 'node:path';

type Entry = { pid: number; state: string; group: number; session: number; foreground: number };

/** Numbers of read(2) by processor. */
const READ: Record<string, string> = { x64: '0', arm64: '63' };
/** Numbers of poll and ppoll, and of select and pselect6, by processor. */
const POLL: Record<string, string[]> = { x64: ['7', '271'], arm64: ['73'] };
const SELECT: Record<string, string[]> = { x64: ['23', '270'], arm64: ['72'] };
/** Bytes of one entry of poll's list: the descriptor, what is asked and what was answered. */
const POLL_ENTRY = 8;

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
    const [call = '', ...args] = (read(`/proc/${pid}/syscall`) ?? '').split(' ');
    if (call === READ[process.arch] && isTerminal(pid, Number(args[0]))) return { program: nameOf(pid), certain: true };
    if (pid !== shell && isTerminal(pid, 0) && listensToInput(pid, call, args))
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

/**
 * Whether standard input is among what the call waits for. A client that waits for its server has a terminal as its input,
 * too, and does not look at it. Where its memory cannot be read, it is taken to look.
 */
function listensToInput(pid: number, call: string, args: string[]): boolean {
  const [first = '0', second = '0'] = args;
  if ((POLL[process.arch] ?? []).includes(call)) {
    const list = memory(pid, first, Math.min(Number(second), 64) * POLL_ENTRY);
    if (list === undefined) return true;
    for (let at = 0; at + POLL_ENTRY <= list.length; at += POLL_ENTRY) if (list.readInt32LE(at) === 0) return true;
    return false;
  }
  if (!(SELECT[process.arch] ?? []).includes(call)) return false;
  // The lowest bit of the set of those to be read.
  const set = BigInt(second) === 0n ? Buffer.from([0]) : memory(pid, second, 1);
  return set === undefined || ((set[0] ?? 0) & 1) === 1;
}

function memory(pid: number, address: string, length: number): Buffer | undefined {
  if (length <= 0) return Buffer.alloc(0);
  try {
    const file = openSync(`/proc/${pid}/mem`, 'r');
    try {
      const bytes = Buffer.alloc(length);
      return bytes.subarray(0, readSync(file, bytes, 0, length, BigInt(address)));
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined; // another user's, or it has ended
  }
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
