/** Runs a program once: how long it took, and the peak memory of itself and of the largest program it started. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Failure } from '../../src/failure.ts';
import { lastLines, stream } from '../../src/process.ts';
import { Peaks } from './peaks.ts';

/** How often the memory of started programs is looked at, in milliseconds. The kernel keeps the peak of each. */
const LOOK_MS = 50;
const MAX_RSS = fileURLToPath(new URL('max-rss.mjs', import.meta.url));
const CLI = fileURLToPath(new URL('../../src/cli/drillbook.mjs', import.meta.url));

export type Measured = {
  seconds: number;
  /** Of our own process, in bytes; of a shell script there is none. */
  own: number | undefined;
  largest: { program: string; bytes: number } | undefined;
  stdout: string;
};

type Options = { env: Record<string, string>; signal: AbortSignal };

/** `drillbook <args>`, as a person starts it. */
export async function measureDrillbook(args: string[], options: Options): Promise<Measured> {
  const file = join(options.env.TMPDIR ?? '', 'bench-max-rss');
  const env = { ...options.env, DRILLBOOK_BENCH_RSS: file };
  try {
    const measured = await measure(process.execPath, ['--import', MAX_RSS, CLI, ...args], { ...options, env });
    return { ...measured, own: existsSync(file) ? Number(readFileSync(file, 'utf8')) * 1024 : undefined };
  } finally {
    rmSync(file, { force: true });
  }
}

/** A shell script of this folder. */
export async function measureScript(name: string, args: string[], options: Options): Promise<Measured> {
  return await measure('bash', [fileURLToPath(new URL(name, import.meta.url)), ...args], options);
}

/** @throws Failure program-failed: what did not work has no figures */
async function measure(program: string, args: string[], { env, signal }: Options): Promise<Measured> {
  const since = performance.now();
  const running = await stream(program, args, { env, signal });
  running.stdin.end();
  let stdout = '';
  running.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  const peaks = new Peaks(running.pid);
  const looking = setInterval(() => peaks.look(), LOOK_MS);
  try {
    const { status, stderr } = await running.ended;
    const seconds = (performance.now() - since) / 1000;
    if (status !== 0)
      throw new Failure('program-failed', { program, status: String(status), message: lastLines(stderr || stdout) });
    return { seconds, own: undefined, largest: peaks.largest(), stdout };
  } finally {
    clearInterval(looking);
  }
}
