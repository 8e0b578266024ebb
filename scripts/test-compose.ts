/**
 * `npm run test:compose`: provides a Docker engine and all images, then runs the tests of the Compose stack. At the end nothing is
 * left that was not there before; with --keep our own engine stays, with what the tests keep in it.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { work } from '../src/cli/command.ts';
import { type Engine, keepEngine, provideEngine } from '../src/lab/engine/engine.ts';
import { run } from '../src/process.ts';

const KEEP = '--keep';

process.exitCode = await work(async ({ report, print, end, signal }) => {
  const since = Date.now();
  const words = process.argv.slice(2).filter((word) => word !== KEEP);
  await using engine = await provideEngine({ report, signal });
  if (engine.own && process.argv.includes(KEEP)) keepEngine();
  const ready = Date.now() - since;
  end();
  const mark = `run${randomBytes(4).toString('hex')}x`;
  const before = await things(engine);
  const status = await runTests(await testFiles(words), engine, mark, signal);
  // What another run does meanwhile on the same engine is not ours.
  const ours = (thing: string) => thing.includes(mark) || thing.includes('drillbook-lab-');
  const left = (await things(engine)).filter((thing) => ours(thing) && !before.includes(thing));
  // Node's runner ends its test files without asking them.
  if (signal.aborted)
    await removeStacks(
      engine,
      left.filter((thing) => thing.includes(mark)),
    );
  const { engine: docker, compose } = engine.versions;
  print(
    [
      '',
      `  Engine                  Docker ${docker}, Compose ${compose}${engine.own ? ', our own' : ', found here'}`,
      `  Engine and images       ${(ready / 1000).toFixed(1)} s`,
      `  Tests                   ${((Date.now() - since - ready) / 1000).toFixed(1)} s`,
      `  Leftovers               ${left.length}${left.length > 0 ? `: ${left.join(', ')}` : ''}`,
      '',
    ].join('\n'),
  );
  return status === 0 && left.length > 0 ? 1 : status === 0 ? 0 : 1;
});

/** Containers, networks and volumes of the engine, each by kind and name. */
async function things({ client }: Engine): Promise<string[]> {
  const lists = [
    ['container', '{{.Names}}', '--all'],
    ['network', '{{.Name}}'],
    ['volume', '{{.Name}}'],
  ];
  const found = await Promise.all(
    lists.map(async ([kind = '', format, ...more]) => {
      const { stdout } = await run('docker', [kind, 'ls', ...more, `--format=${format}`], { env: client });
      return stdout
        .split('\n')
        .filter(Boolean)
        .map((name) => `${kind} ${name}`);
    }),
  );
  return found.flat();
}

/** Containers first: they hold the others. */
async function removeStacks({ client }: Engine, left: string[]): Promise<void> {
  for (const thing of left.sort()) {
    const [kind = '', name = ''] = thing.split(' ');
    await run('docker', [kind, 'rm', ...(kind === 'network' ? [] : ['--force']), name], { env: client });
  }
}

async function testFiles(words: string[]): Promise<string[]> {
  const files = await Array.fromAsync(glob('test/compose/**/*.test.ts'));
  return files.filter((file) => words.length === 0 || words.some((word) => file.includes(word))).sort();
}

function runTests(files: string[], engine: Engine, mark: string, signal: AbortSignal): Promise<number> {
  const reporters = ['--test-reporter=spec', '--test-reporter-destination=stdout'];
  mkdirSync('.drillbook', { recursive: true });
  if (process.env.CI)
    reporters.push('--test-reporter=junit', '--test-reporter-destination=.drillbook/junit-compose.xml');
  const env = { ...process.env, ...engine.client, ...engine.images, DRILLBOOK_TEST_COMPOSE: mark };
  const child = spawn(process.execPath, ['--test', '--test-concurrency=1', ...reporters, ...files], {
    stdio: 'inherit',
    env,
  });
  signal.addEventListener('abort', () => child.kill('SIGTERM'));
  return new Promise((resolve) => child.once('exit', (status) => resolve(status ?? 1)));
}
