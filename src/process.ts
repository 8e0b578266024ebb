/**
 * The only place that starts programs. `run` (zx) waits for a program and returns what it printed; `stream` gives its
 * pipes, for data that must not be held in memory. Each program gets its own process group, so a Ctrl-C on the
 * terminal reaches us alone and we decide what ends, in which order; whatever runs is ended with its whole group.
 *
 * `stream` uses Node's spawn directly: zx 8.8 reads standard output without back-pressure and keeps all of it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
// Without zx's tools for scripts, which take 12 MB.
import { $ } from 'zx/core';
import { Failure } from './failure.ts';
import { refusedByBash, startFailure } from './process/start-failure.ts';

/** How much of a program's standard error is kept for messages, in characters. */
const KEPT_STDERR = 16_384;
/** How long a program may take to end after SIGTERM before it gets SIGKILL, in milliseconds. */
const GRACE_MS = 5_000;

export type RunOptions = {
  /** The whole environment of the program; without it, ours. */
  env?: Record<string, string | undefined>;
  cwd?: string;
  /** Text for its standard input, which is closed afterwards. */
  input?: string;
  /** Milliseconds; then the program is ended and `program-timeout` is thrown. */
  timeout?: number;
  signal?: AbortSignal;
};

export type Ran = { status: number; stdout: string; stderr: string };

/**
 * Runs a program to its end. A status other than 0 is returned, not thrown.
 * @throws Failure program-missing, program-unstartable, program-timeout; the signal's reason when aborted
 */
export async function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  options.signal?.throwIfAborted();
  const child = $({
    env: { ...(options.env ?? process.env) },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.input ? { input: options.input } : {}),
    stdio: [options.input ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    detached: true,
    nothrow: true,
    quiet: true,
    verbose: false,
    prefix: 'exec ',
  })`${[program, ...args]}`;
  const guard = watch(() => child.pid, options);
  const [stdout, stderr] = [textOf(child.child?.stdout), textOf(child.child?.stderr)];
  try {
    const output = await child;
    guard.check(program);
    if (output.cause) throw startFailure(program, output.cause, options.cwd);
    const refused = output.exitCode === 126 ? refusedByBash(program, output.stderr) : undefined;
    if (refused !== undefined) throw refused;
    if (output.exitCode === 127 && /(not found|No such file)/.test(output.stderr))
      throw new Failure('program-missing', { program });
    return { status: output.exitCode ?? 1, stdout: stdout(), stderr: stderr() };
  } finally {
    guard.stop();
  }
}

/** As `run`, but a status other than 0 is thrown as `program-failed`. */
export async function runOrFail(program: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const ran = await run(program, args, options);
  if (ran.status !== 0)
    throw new Failure('program-failed', {
      program,
      status: String(ran.status),
      message: lastLines(ran.stderr || ran.stdout),
    });
  return ran;
}

export type Running = {
  pid: number;
  stdin: Writable;
  stdout: Readable;
  /** Resolves when the program has ended and its pipes are closed; `stderr` holds the last 16 KiB of it. */
  ended: Promise<{ status: number; stderr: string }>;
  /** Ends the whole process group: SIGTERM, and SIGKILL 5 s later. Resolves when it is gone. */
  kill(): Promise<void>;
};

/**
 * Starts a program with pipes for standard input and output.
 * @throws Failure program-missing, program-unstartable
 */
export async function stream(
  program: string,
  args: readonly string[],
  options: Omit<RunOptions, 'input'> = {},
): Promise<Running> {
  options.signal?.throwIfAborted();
  const child = await spawned(
    program,
    () =>
      spawn(program, args, {
        env: { ...(options.env ?? process.env) },
        cwd: options.cwd,
        detached: true,
        stdio: ['pipe', 'pipe', 'pipe'],
      }),
    options.cwd,
  );
  const pid = child.pid ?? 0;
  // A program that ends before it has read all of its input is judged by its status, not by the broken pipe.
  child.stdin.on('error', () => {});
  const guard = watch(() => pid, options);
  const ended = outcome(child).then((result) => {
    guard.stop();
    guard.check(program);
    return result;
  });
  ended.catch(() => {}); // whoever awaits `ended` sees it; nobody else needs to
  return {
    pid,
    stdin: child.stdin,
    stdout: child.stdout,
    ended,
    async kill() {
      if (child.exitCode === null && child.signalCode === null)
        await endGroup(pid, () => child.exitCode !== null || child.signalCode !== null);
      await ended.catch(() => {});
    },
  };
}

/**
 * Starts a program that goes on after we end: a service. Its output is appended to the file `log`. What ends it again,
 * by its id, is the caller's business.
 * @returns its process id
 * @throws Failure program-missing, program-unstartable
 */
export async function launch(
  program: string,
  args: readonly string[],
  options: { env: Record<string, string>; cwd: string; log: string },
): Promise<number> {
  const log = openSync(options.log, 'a', 0o600);
  try {
    const child = await spawned(
      program,
      () => spawn(program, args, { env: options.env, cwd: options.cwd, detached: true, stdio: ['ignore', log, log] }),
      options.cwd,
    );
    child.unref();
    return child.pid ?? 0;
  } finally {
    closeSync(log);
  }
}

/**
 * A shell script that runs when this process ends without a word, as after SIGKILL: it waits at a pipe that the system closes then.
 * @returns `over` ends it unused
 */
export async function lastWill(script: string, args: readonly string[]): Promise<{ over(): Promise<void> }> {
  const waiting = `trap '' HUP INT TERM\nread -r word\n[ "$word" = over ] && exit\n${script}`;
  const child = await spawned('sh', () =>
    spawn('sh', ['-c', waiting, 'sh', ...args], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] }),
  );
  child.stdin.on('error', () => {}); // somebody ended it; then it does nothing
  child.unref();
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return {
    async over() {
      child.ref();
      child.stdin.end('over\n');
      await closed;
    },
  };
}

/**
 * Hands the terminal to a program, such as a shell, and waits for its end.
 * @returns its status
 * @throws Failure program-missing, program-unstartable
 */
export async function attend(program: string, args: readonly string[], env: Record<string, string>): Promise<number> {
  const child = await spawned(program, () => spawn(program, args, { env, stdio: 'inherit' }));
  return new Promise((resolve) => child.once('close', (status) => resolve(status ?? 1)));
}

/** Starts and waits until it runs. Some faults Node throws at once, some it tells later. */
async function spawned<C extends ChildProcess>(program: string, start: () => C, cwd?: string): Promise<C> {
  try {
    const child = start();
    await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject));
    return child;
  } catch (cause) {
    throw startFailure(program, cause, cwd);
  }
}

/** Signals a process group and reports whether there was one. */
export function signalGroup(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-pid, signal);
    return true;
  } catch {
    return false;
  }
}

/** Ends a process group: SIGTERM, then SIGKILL after five seconds. Resolves when `gone` says so. */
export async function endGroup(pid: number, gone: () => boolean): Promise<void> {
  if (!signalGroup(pid, 'SIGTERM')) return;
  const deadline = Date.now() + GRACE_MS;
  while (!gone()) {
    if (Date.now() > deadline && !signalGroup(pid, 'SIGKILL')) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The last three non-empty lines: where programs say what went wrong. */
export function lastLines(text: string): string {
  return (
    text
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean)
      .slice(-3)
      .join(' · ') || 'it printed nothing'
  );
}

/** All that a pipe brings. zx decodes each chunk for itself, and so breaks characters that lie in two of them. */
function textOf(pipe: Readable | null | undefined): () => string {
  const chunks: Buffer[] = [];
  pipe?.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString('utf8');
}

function outcome(child: ChildProcess): Promise<{ status: number; stderr: string }> {
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-KEPT_STDERR);
  });
  return new Promise((resolve) => {
    child.once('close', (status) => resolve({ status: status ?? 1, stderr }));
  });
}

/** Ends the program's group on abort and on timeout; `check` turns either into the error to throw. */
function watch(pid: () => number | undefined, options: { timeout?: number; signal?: AbortSignal }) {
  let ended = false;
  let timedOut = false;
  const end = () => {
    const id = pid();
    if (id !== undefined) void endGroup(id, () => ended);
  };
  const timer =
    options.timeout === undefined
      ? undefined
      : setTimeout(() => {
          timedOut = true;
          end();
        }, options.timeout);
  options.signal?.addEventListener('abort', end);
  // Aborted while the program was started: that event is over.
  if (options.signal?.aborted) end();
  return {
    stop() {
      ended = true;
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', end);
    },
    check(program: string) {
      options.signal?.throwIfAborted();
      if (timedOut) throw new Failure('program-timeout', { program, seconds: String((options.timeout ?? 0) / 1000) });
    },
  };
}
