import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Lab } from '../../src/lab/lab.ts';
import { createSample } from '../../src/lab/sample/create.ts';
import { labUp } from '../../src/lab/up.ts';
import { run } from '../../src/process.ts';
import { silent } from '../../src/progress.ts';

const CLI = fileURLToPath(new URL('../../src/cli/drillbook.ts', import.meta.url));

let lab: Lab & AsyncDisposable;
before(async () => {
  lab = await labUp({ report: silent });
  await createSample(lab, { rows: 10_000 });
});
after(() => lab.down());

const drillbook = (args: string[], folder = lab.folder) =>
  run(process.execPath, [CLI, 'lab', ...args], { env: { ...process.env, DRILLBOOK_LAB: folder } });

test('start, logs and stop speak of the lab that DRILLBOOK_LAB names', async () => {
  const started = await drillbook(['start', 'backend']);
  assert.deepEqual(started, { status: 0, stdout: 'backend is running\n', stderr: '' });
  assert.equal(await lab.services.backend.running(), true);
  const logs = await drillbook(['logs', 'backend']);
  assert.match(logs.stdout, /"event":"ready"/);
  const stopped = await drillbook(['stop', 'backend']);
  assert.deepEqual(stopped, { status: 0, stdout: 'backend is stopped\n', stderr: '' });
  assert.equal(await lab.services.backend.running(), false);
});

test('stopping what is stopped and starting what runs is no mistake', async () => {
  assert.equal((await drillbook(['stop', 'backend'])).status, 0);
  assert.equal((await drillbook(['start', 'minio'])).status, 0);
});

test('status lists every service, also as JSON', async () => {
  const { stdout } = await drillbook(['status', '--json']);
  const { folder, services } = JSON.parse(stdout);
  assert.equal(folder, lab.folder);
  const seen = services.map((service: { name: string; running: boolean }) => [service.name, service.running]);
  assert.deepEqual(seen, [
    ['postgres', true],
    ['minio', true],
    ['backend', false],
  ]);
});

test('a backend that cannot become ready is status 3, with its reason', async () => {
  await lab.services.postgres.stop();
  const { status, stderr } = await drillbook(['start', 'backend']);
  assert.equal(status, 3);
  assert.match(stderr, /not ready: connect ECONNREFUSED .*\[backend-not-ready\]/);
  await lab.services.postgres.start();
  await lab.services.backend.stop();
});

test('wrong command lines are status 2 and say what would be right', async () => {
  const cases: [string[], RegExp][] = [
    [['fly'], /"fly": is none of up, down, status, shell/],
    [['stop', 'nothing'], /"nothing": must be postgres, minio or backend/],
    [['stop'], /must be postgres, minio or backend/],
    [['up', 'backend'], /"lab up" takes no service/],
    [['up', '--rows', 'many'], /--rows: must be a whole number from 10000/],
    [['status', '--rows', '20000'], /--rows: "lab status" makes no sample/],
    [['shell', '--reader', 'king'], /--reader: must be administrator or plain-owner/],
    [[], /action/i],
  ];
  for (const [args, message] of cases) {
    const { status, stderr, stdout } = await drillbook(args);
    assert.deepEqual({ status, stdout }, { status: 2, stdout: '' }, args.join(' '));
    assert.match(stderr, message);
  }
});

test('a lab that is not there is status 3', async () => {
  const { status, stderr } = await drillbook(['status'], '/nowhere');
  assert.equal(status, 3);
  assert.match(stderr, /There is no lab in \/nowhere/);
});

test('up, where a lab is up, says that --rows was not looked at', async () => {
  const { status, stdout, stderr } = await drillbook(['up', '--rows', '20000']);
  assert.equal(status, 0, stderr);
  assert.match(
    stderr + stdout,
    /has its sample already, so --rows was not looked at; "drillbook lab reset --rows 20000"/,
  );
});

test('up makes the lab in the folder that DRILLBOOK_LAB names, and down finds it there', async () => {
  const parent = mkdtempSync(join(tmpdir(), 'drillbook-test-'));
  chmodSync(parent, 0o711);
  const folder = join(parent, 'lab');
  try {
    const { status, stdout, stderr } = await drillbook(['up', '--rows', '10000'], folder);
    assert.equal(status, 0, stderr);
    assert.match(stdout, new RegExp(`^lab in ${folder}$`, 'm'));
  } finally {
    assert.match((await drillbook(['down'], folder)).stdout, new RegExp(`removed ${folder}`));
    rmSync(parent, { recursive: true });
  }
});

test('reset empties the lab and makes the sample again', async () => {
  const { status, stderr } = await drillbook(['reset', '--rows', '10000']);
  assert.equal(status, 0, stderr);
  const { stdout } = await run('psql', ['-X', '-At', '-d', 'freshtrack', '-c', 'SELECT count(*) FROM users'], {
    env: lab.environment('administrator'),
  });
  assert.equal(stdout, '600\n');
});

test('down removes it', async () => {
  const { status, stdout } = await drillbook(['down']);
  assert.equal(status, 0);
  assert.match(stdout, new RegExp(`removed ${lab.folder}`));
  assert.equal(existsSync(lab.folder), false);
});
