/** `npm test`: provides what the checks need, then runs all of them with Node's own test runner. */
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { work } from '../src/cli/command.ts';
import { provideChromium, provideMinio, providePostgres, providePrometheus } from '../src/lab/programs.ts';
import { removeOrphans } from '../src/lab/up.ts';

/** Files side by side: as many as the machine has cores to give, for each starts servers of its own. */
const CONCURRENCY = 2;

process.exitCode = await work(async ({ report, end, signal }) => {
  for (const provide of [providePostgres, provideMinio, provideChromium, providePrometheus])
    await provide({ report, signal });
  end();
  return runTests(await testFiles(process.argv.slice(2)), signal);
});

/** All test files but those that need containers (`npm run test:compose`), or those whose path holds one of the words given. */
async function testFiles(words: string[]): Promise<string[]> {
  const files = await Array.fromAsync(glob('test/**/*.test.ts', { exclude: ['test/compose/**'] }));
  const chosen = files.filter((file) => words.length === 0 || words.some((word) => file.includes(word)));
  return chosen.sort();
}

async function runTests(files: string[], signal: AbortSignal): Promise<number> {
  const reporters = ['--test-reporter=spec', '--test-reporter-destination=stdout'];
  mkdirSync('.drillbook', { recursive: true });
  if (process.env.CI) reporters.push('--test-reporter=junit', '--test-reporter-destination=.drillbook/junit.xml');
  const child = spawn(process.execPath, ['--test', `--test-concurrency=${CONCURRENCY}`, ...reporters, ...files], {
    stdio: 'inherit',
  });
  signal.addEventListener('abort', () => child.kill('SIGTERM'));
  const status = await new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
  // Node's runner ends its test files without asking them: what an interrupted one had started is ended here.
  if (signal.aborted) await removeOrphans();
  return status;
}
