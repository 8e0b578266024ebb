import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { attend, launch, run, stream } from '../src/process.ts';

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'drillbook-process-'));
});
after(() => rmSync(folder, { recursive: true }));

const ENV = { PATH: process.env.PATH ?? '' };
const WAYS: [name: string, (program: string, args: string[], cwd: string) => Promise<unknown>][] = [
  ['run', (program, args, cwd) => run(program, args, { cwd })],
  ['stream', (program, args, cwd) => stream(program, args, { cwd })],
  ['launch', (program, args, cwd) => launch(program, args, { cwd, env: ENV, log: join(folder, 'log') })],
];

for (const [way, start] of WAYS) {
  test(`${way}: a program that is not there is missing, and one that cannot be started is something else`, async () => {
    await assert.rejects(start('drillbook-no-such-program', [], folder), { code: 'program-missing' });
    const closed = join(folder, 'closed');
    writeFileSync(closed, '#!/bin/sh\n');
    chmodSync(closed, 0o644);
    const cases: [string, string[], string, RegExp][] = [
      [closed, [], folder, /it may not be run/],
      [folder, [], folder, /it may not be run|it is a folder/],
      ['true', ['x'.repeat(200_000)], folder, /its arguments are too long/],
      ['true', [], join(folder, 'none'), /its working folder \S+none is not there/],
    ];
    for (const [program, args, cwd, message] of cases)
      await assert.rejects(start(program, args, cwd), { code: 'program-unstartable', exit: 3, message }, program);
  });
}

test('attend: the same', async () => {
  await assert.rejects(attend('drillbook-no-such-program', [], ENV), { code: 'program-missing' });
  await assert.rejects(attend(folder, [], ENV), { code: 'program-unstartable' });
});

test('a status of 126 or 127 that a program itself ends with is its own', async () => {
  for (const status of [126, 127]) assert.equal((await run('bash', ['-c', `exit ${status}`])).status, status);
  assert.equal((await run('bash', ['-c', folder])).status, 126);
});

test('what a program prints is whole, also characters of several bytes where its chunks meet', async () => {
  const text = 'é€🐘';
  const print = `printf '${text}%.0s' {1..60000}`;
  const { stdout, stderr } = await run('bash', ['-c', `${print}; ${print} >&2`]);
  // Not strictEqual: it would print all of it.
  for (const printed of [stdout, stderr]) assert.ok(printed === text.repeat(60_000), `${printed.length} characters`);
});
