/** What is checked without running the program: format, lint, types, import direction, dead code, the drawn architecture. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from '../src/process.ts';

const bin = (name: string) => `node_modules/.bin/${name}`;
const env = { ...process.env, PATH: `${process.cwd()}/node_modules/.bin:${process.env.PATH}`, NO_COLOR: '1' };

async function passes(program: string, args: string[]): Promise<string> {
  const ran = await run(program, args, { env, timeout: 300_000 });
  assert.equal(ran.status, 0, `${program} ${args.join(' ')}\n${ran.stdout}\n${ran.stderr}`);
  return ran.stdout;
}

test('every file is formatted and free of lint', async () => {
  await passes(bin('biome'), ['ci', '--error-on-warnings', '.']);
});

test('every type is right', async () => {
  await passes(bin('tsc'), ['--noEmit']);
});

test('every import goes in the direction that the architecture draws, and the check really read the rooms', async () => {
  const out = await passes(bin('depcruise'), ['src', '--config', '.dependency-cruiser.mjs', '--output-type', 'text']);
  assert.match(
    await passes(bin('depcruise'), ['src', '--config', '.dependency-cruiser.mjs']),
    /no dependency violations found/,
  );
  assert.ok(out.split('\n').length > 200, 'fewer dependencies than there are: the modules were not read');
});

test('nothing is exported, installed or kept that nobody uses', async () => {
  await passes(bin('knip'), []);
});

test('the picture of the architecture is the one that the checked table draws', async () => {
  await passes(process.execPath, ['scripts/draw-architecture.ts', '--check']);
});

test('the page of errors lists every error there is', async () => {
  await passes(process.execPath, ['scripts/list-errors.ts', '--check']);
});

/** The lines of the checkout that match; none is status 1, and everything else is a failure of the search itself. */
async function linesWith(pattern: string, ...paths: string[]): Promise<string> {
  const ran = await run('git', ['grep', '-nIE', pattern, '--', ...paths], { env });
  assert.ok(ran.status === 0 || ran.status === 1, `git grep: ${ran.stderr}`);
  return ran.stdout;
}

test('nothing names a folder of one machine or a registry', async () => {
  const folders = String.raw`(^|[^A-Za-z0-9_.-])/(home|root|Users)/[a-z]|registry\.npmjs|pypi\.org|proxy\.golang`;
  assert.equal(await linesWith(folders, '.', ':!test/checks.test.ts'), '');
  assert.notEqual(await linesWith('usr/lib/postgresql', 'src'), '', 'the search finds nothing at all');
});

test('no test is left out on purpose', async () => {
  assert.equal(await linesWith(String.raw`\b(it|test|describe)\.(only|todo)\(`, 'test', ':!test/checks.test.ts'), '');
});
