/**
 * A reader's terminal: an interactive bash on a pseudo-terminal, into which blocks are pasted as a person pastes them.
 * Everything a real one does happens here too: history expansion, pagers, questions, and that the lines after a failed
 * one still run.
 */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { type IPty, spawn } from '@lydell/node-pty';
import { type Container, endIn, execIn, shellOn, TERMINAL_MARK } from '../../lab/container.ts';
import { outputIn, promptIn, unknownEvent, verdictOf, wantsMore } from './marks.ts';
import { inFront, sessionOf, waitingForKey } from './processes.ts';
import { queryAnswerer } from './queries.ts';

const RC = fileURLToPath(new URL('reader.bashrc', import.meta.url));
export const COLUMNS = 120;
export const ROWS = 40;
/** How often a silent terminal is looked at, and for how long it must be silent before that, in milliseconds. */
const LOOK_MS = 200;
const QUIET_MS = 600;
/** How long a program may listen to the terminal in silence before that counts as waiting, in milliseconds. */
const LISTEN_MS = 4_000;

export type Limits = {
  /** Milliseconds that one paste may take. */
  timeout: number;
  /** Characters that one paste may print. */
  output: number;
};
export const LIMITS: Limits = { timeout: 600_000, output: 1_000_000 };

/** Why a paste has no proper end. */
export type Problem =
  | { kind: 'waits'; program: string; asks: string }
  | { kind: 'unfinished' }
  | { kind: 'too-much-output'; program: string; limit: number }
  | { kind: 'too-long'; program: string; seconds: number }
  | { kind: 'shell-ended' };

export type Pasted = {
  /** The status of the first command that failed, else 0. Not 0 when there is a problem. */
  status: number;
  /** What was printed, terminal sequences included. */
  output: string;
  seconds: number;
  /** The line of the pasted text, from 1, of the command that failed. */
  line?: number;
  problem?: Problem;
};

export type Terminal = AsyncDisposable & {
  /**
   * Pastes text and presses Enter; resolves when bash prompts again, or with the problem that prevents it. After a
   * problem the terminal is closed.
   */
  paste(text: string, limits?: Partial<Limits>): Promise<Pasted>;
  /** Ends bash and everything that was started in it, background jobs included. */
  close(): Promise<void>;
};

export type TerminalOptions = {
  /** The whole environment; TERM is added. In a container, its own and what its file says. */
  environment: Record<string, string>;
  folder: string;
  /** The terminal is one of this container, as `docker exec -it <container> bash` gives it, with the marks of its image. */
  container?: Container;
  /** Told of everything that is shown. */
  watch?: (chunk: string) => void;
  signal?: AbortSignal;
};

/** The shell of a terminal: where it is started, how its processes are known, and how they end. */
type Shell = {
  pty: IPty;
  /** Its process id on this machine; undefined while it is not known, and where it cannot be. */
  leader(): number | undefined;
  /** Ends what a look at this machine's processes would not reach. */
  end(): Promise<void>;
};

/** Opens a terminal and waits for its first prompt. @throws the signal's reason */
export async function openTerminal(options: TerminalOptions): Promise<Terminal> {
  const { signal } = options;
  signal?.throwIfAborted();
  const shell = options.container === undefined ? shellHere(options) : shellIn(options.container);
  const { pty } = shell;
  const screen = watchScreen(shell, options.watch);
  const close = () => closeSession(shell, screen);
  const onAbort = () => void close();
  signal?.addEventListener('abort', onAbort);
  const first = await screen.until((text) => (text.includes('\x1b]133;D;') ? true : undefined), LIMITS);
  if (first.problem !== undefined || signal?.aborted) {
    await close();
    signal?.throwIfAborted();
    throw new Error('bash did not start on the pseudo-terminal');
  }
  let line = lastLine(screen.take());

  const paste = async (text: string, limits: Partial<Limits> = {}): Promise<Pasted> => {
    signal?.throwIfAborted();
    screen.take();
    const since = performance.now();
    pty.write(`\x1b[200~${text.replace(/\n$/, '').replaceAll('\x1b', '')}\x1b[201~\r`);
    const ended = await screen.until(promptIn, { ...LIMITS, ...limits });
    const shown = screen.take();
    signal?.throwIfAborted();
    const seconds = (performance.now() - since) / 1000;
    const verdict = unknownEvent(shown, text) ?? verdictOf(shown, line);
    line = ended.value?.line ?? line;
    const result = { ...verdict, output: outputIn(shown), seconds };
    if (ended.problem === undefined) return result;
    await close();
    return { ...result, status: verdict.status || 1, problem: ended.problem };
  };
  return {
    paste,
    async close() {
      signal?.removeEventListener('abort', onAbort);
      await close();
    },
    async [Symbol.asyncDispose]() {
      signal?.removeEventListener('abort', onAbort);
      await close();
    },
  };
}

const SCREEN = { name: 'xterm-256color', cols: COLUMNS, rows: ROWS };

function shellHere({ environment, folder }: TerminalOptions): Shell {
  const pty = spawn('bash', ['--noprofile', '--rcfile', RC, '-i'], { ...SCREEN, cwd: folder, env: environment });
  return { pty, leader: () => pty.pid, async end() {} };
}

/**
 * A container's terminal has no size until its client has told it one; bash must not have drawn anything by then. Its rc file
 * is the image's own.
 */
const ONCE_SIZED = `for look in $(seq 100); do [ "$(stty size)" = "${ROWS} ${COLUMNS}" ] && break; sleep 0.02; done; exec bash`;

function shellIn(container: Container): Shell {
  const id = randomUUID();
  const environment = { TERM: SCREEN.name, [TERMINAL_MARK]: id };
  const exec = execIn(container, ['bash', '-c', ONCE_SIZED], { terminal: true, environment });
  const pty = spawn(exec.program, exec.args, { ...SCREEN, cwd: '/', env: exec.env });
  let found: number | undefined;
  return {
    pty,
    leader() {
      found ??= shellOn(id);
      return found;
    },
    end: () => endIn(container, `${TERMINAL_MARK}=${id}`),
  };
}

type Screen = ReturnType<typeof watchScreen>;

/** Collects what is shown, answers what programs ask the terminal, and notices when nothing can happen any more. */
function watchScreen({ pty, leader }: Pick<Shell, 'pty' | 'leader'>, watch?: (chunk: string) => void) {
  const answer = queryAnswerer();
  let shown = '';
  let lastOutput = performance.now();
  let ended = false;
  let wake = () => {};
  pty.onData((chunk) => {
    shown += chunk;
    watch?.(chunk);
    lastOutput = performance.now();
    const answers = answer(chunk);
    if (answers !== '' && !ended) pty.write(answers);
    wake();
  });
  pty.onExit(() => {
    ended = true;
    wake();
  });
  const next = () =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, LOOK_MS);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  /** Waits until `found` sees what it looks for in what was shown. */
  const until = async <T>(
    found: (text: string) => T | undefined,
    limits: Limits,
  ): Promise<{ value?: T; problem?: Problem }> => {
    const since = performance.now();
    let waiting: { program: string; looks: number } | undefined;
    for (;;) {
      const value = found(shown);
      if (value !== undefined) return { value };
      if (ended) return { problem: { kind: 'shell-ended' } };
      if (shown.length > limits.output)
        return { problem: { kind: 'too-much-output', program: frontOf(leader()), limit: limits.output } };
      if (performance.now() - since > limits.timeout)
        return { problem: { kind: 'too-long', program: frontOf(leader()), seconds: limits.timeout / 1000 } };
      if (wantsMore(shown)) return { problem: { kind: 'unfinished' } };
      const quiet = performance.now() - lastOutput;
      const key = quiet > QUIET_MS ? keyFor(leader()) : undefined;
      waiting = key && { program: key.program, looks: waiting?.program === key.program ? waiting.looks + 1 : 1 };
      // One look may fall into a read that ends at once; two in silence do not.
      if (key && waiting && waiting.looks >= 2 && (key.certain || quiet > LISTEN_MS))
        return { problem: { kind: 'waits', program: key.program, asks: lastShown(shown) } };
      await next();
    }
  };
  const take = () => {
    const text = shown;
    shown = '';
    return text;
  };
  return { until, take, ended: () => ended };
}

const frontOf = (shell: number | undefined) => (shell === undefined ? 'a program' : inFront(shell));
const keyFor = (shell: number | undefined) => (shell === undefined ? undefined : waitingForKey(shell));

/** Every job of an interactive bash has a group of its own; the session holds them all. */
async function closeSession({ pty, end }: Shell, screen: Screen): Promise<void> {
  await end();
  const signals: NodeJS.Signals[] = ['SIGHUP', 'SIGTERM', 'SIGKILL'];
  for (const signal of signals) {
    for (const { pid } of sessionOf(pty.pid)) send(pid, signal);
    if (!screen.ended()) send(pty.pid, signal);
    for (let look = 0; look < 50; look += 1) {
      if (screen.ended() && sessionOf(pty.pid).every((entry) => entry.state === 'Z')) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // it has ended meanwhile
  }
}

function lastLine(text: string): number {
  return Number(/\x1b\]133;D;\d+;(\d+)\x07/.exec(text)?.[1] ?? 0);
}

/** The last line that a person sees: what the program in front asks. */
function lastShown(text: string): string {
  const lines = outputIn(text)
    .replace(/\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b\[[0-?]*[ -/]*[@-~]|\x1b[=>]/g, '')
    .split(/[\r\n]+/)
    .map((line) => line.trim());
  return lines.filter(Boolean).at(-1) ?? '';
}
