/** Runs a program that takes long and tells how far it is. */
import { createInterface } from 'node:readline';
import { Failure } from '../../failure.ts';
import type { Env } from '../../process/find.ts';
import { lastLines, stream } from '../../process.ts';
import type { Report } from '../../progress.ts';

/** How many of its last lines are kept to say what went wrong. */
const KEPT_LINES = 40;

type Narrated = {
  env: Env;
  report: Report;
  signal?: AbortSignal | undefined;
  cwd?: string;
  /** Percent from a line of its output; without it, lines are counted. */
  percent?: (line: string) => number | undefined;
};

/**
 * Runs the program to its end; its output and error streams are read together.
 * @throws Failure program-failed with its last lines, program-missing
 */
export async function narrate(program: string, args: string[], options: Narrated): Promise<void> {
  const { env, report, signal, cwd, percent } = options;
  // The shell joins the two streams, so that both are read as they come.
  const running = await stream('sh', ['-c', 'exec "$@" 2>&1', 'sh', program, ...args], {
    env,
    ...(cwd === undefined ? {} : { cwd }),
    ...(signal === undefined ? {} : { signal }),
  });
  running.stdin.end();
  const last: string[] = [];
  let count = 0;
  for await (const line of createInterface({ input: running.stdout })) {
    count += 1;
    const share = percent?.(line);
    if (percent === undefined) report({ kind: 'amount', done: count, total: null, unit: 'steps' });
    else if (share !== undefined) report({ kind: 'amount', done: Math.round(share), total: 100, unit: 'steps' });
    if (percent === undefined || share === undefined) last.push(line);
    if (last.length > KEPT_LINES) last.shift();
  }
  const { status } = await running.ended;
  if (status === 0) return;
  throw new Failure('program-failed', { program, status: String(status), message: lastLines(last.join('\n')) });
}
