/**
 * What runs in a terminal, read from /proc (Linux): who is in front, whether it waits for a key, and who is left when
 * the terminal closes. Elsewhere nothing is known, and a time limit has to do.
 */
import { closeSync, openSync, readlinkSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import { commandOf, processIds, readOf, type Stat, statOf } from '../../process/list.ts';

type Entry = Stat & { pid: number };

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
  return processIds().flatMap((pid) => {
    const stat = statOf(pid);
    return stat?.session === shell ? [{ pid, ...stat }] : [];
  });
}

/**
 * The program in front that is blocked until somebody types. `certain`: it is in a read of the terminal; otherwise it
 * only listens to the terminal among other things, as psql at its own prompt does, and should be looked at again.
 */
export function waitingForKey(shell: number): Waiting | undefined {
  const leader = statOf(shell);
  if (leader === undefined) return undefined;
  const front = sessionOf(shell).filter((entry) => entry.group === leader.foreground && entry.state === 'S');
  let listening: Waiting | undefined;
  for (const { pid } of front) {
    const [call = '', ...args] = (readOf(pid, 'syscall') ?? '').split(' ');
    if (call === READ[process.arch] && isTerminal(pid, Number(args[0]))) return { program: nameOf(pid), certain: true };
    if (pid !== shell && isTerminal(pid, 0) && listensToInput(pid, call, args))
      listening = { program: nameOf(pid), certain: false };
  }
  return listening;
}

/** The program in front: the newest process of the foreground group. */
export function inFront(shell: number): string {
  const leader = statOf(shell);
  const front = sessionOf(shell).filter((entry) => entry.group === leader?.foreground);
  return nameOf(front.at(-1)?.pid ?? shell);
}

function nameOf(pid: number): string {
  const [program = ''] = commandOf(pid);
  return basename(program) || (readOf(pid, 'comm') ?? '').trim() || 'a program';
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
