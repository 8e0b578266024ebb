/** Runs a block's bytes in a bash that nobody sits at: no terminal, no input. Output is shown while it comes, and kept. */
import { type Container, endIn, execIn } from '../../lab/container.ts';
import { stream } from '../../process.ts';
import type { Performed } from '../performed.ts';
import type { Limits } from '../terminal/terminal.ts';

export type RunBytes = {
  environment: Record<string, string | undefined>;
  folder: string;
  /** Then `environment` is what is added to that of its file. */
  container?: Container;
  limits: Limits;
  signal: AbortSignal;
  show(text: string): void;
};

/**
 * `-e`: unlike a terminal, a script stops at the first command that fails; a page that needs this is told so by the
 * reader's lane.
 */
export async function runBytes(command: string, options: RunBytes): Promise<Performed> {
  const { container, limits, signal, show } = options;
  const since = performance.now();
  const { program, args, env, cwd } = commandLine(command, options);
  const running = await stream(program, args, { env, cwd, signal });
  running.stdin.end();
  let output = '';
  let problem: Performed['problem'];
  const stop = (why: NonNullable<Performed['problem']>) => {
    if (problem !== undefined) return;
    problem = why;
    void running.kill();
  };
  const timer = setTimeout(
    () => stop({ kind: 'too-long', program: 'bash', seconds: limits.timeout / 1000 }),
    limits.timeout,
  );
  running.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (problem !== undefined) return;
    output += text;
    show(text);
    if (output.length > limits.output) stop({ kind: 'too-much-output', program: 'bash', limit: limits.output });
  });
  try {
    const { status } = await running.ended;
    const seconds = (performance.now() - since) / 1000;
    if (problem !== undefined) return { status: status || 1, output: output.slice(0, limits.output), seconds, problem };
    return { status, output, seconds };
  } finally {
    clearTimeout(timer);
    if (container !== undefined) await endIn(container);
    await running.kill();
  }
}

/** One stream for both, in their order, as a terminal shows them; on the first line, so that lines keep their numbers. */
function commandLine(command: string, { container, environment, folder }: RunBytes) {
  const argv = ['--noprofile', '--norc', '-e', '-c', `exec 2>&1; ${command}`];
  if (container === undefined) return { program: 'bash', args: argv, env: environment, cwd: folder };
  const added = Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { ...execIn(container, ['bash', ...argv], { environment: Object.fromEntries(added) }), cwd: '/' };
}
