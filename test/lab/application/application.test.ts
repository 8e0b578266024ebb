import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Failure } from '../../../src/failure.ts';
import type { Lab } from '../../../src/lab/lab.ts';
import { waitForBackend } from '../../../src/lab/ready.ts';
import { createSample } from '../../../src/lab/sample/create.ts';
import { labUp } from '../../../src/lab/up.ts';
import { connect } from '../../../src/postgres/connection.ts';
import { until } from '../../../src/process/wait.ts';
import { silent } from '../../../src/progress.ts';

let lab: Lab & AsyncDisposable;
before(async () => {
  lab = await labUp({ report: silent });
  await createSample(lab, { rows: 10_000 });
  await lab.services.backend.start();
  await waitForBackend(lab);
});
after(() => lab.down());

type Row = Record<string, unknown>;

async function ask(method: string, path: string, body?: unknown): Promise<{ status: number; body: Row | Row[] }> {
  const response = await fetch(lab.backendUrl + path, { method, ...(body ? { body: JSON.stringify(body) } : {}) });
  const answer: unknown = await response.json();
  assert.ok(typeof answer === 'object' && answer !== null);
  // Every answer of the application is an object or a list of them.
  return { status: response.status, body: answer as Row | Row[] };
}

const events = () =>
  readFileSync(lab.services.backend.log, 'utf8')
    .trim()
    .split('\n')
    .map((line): string => JSON.parse(line).event);

test('it lists organizations, and the users and sites of one', async () => {
  const { body } = await ask('GET', '/organizations');
  assert.ok(Array.isArray(body) && body.length >= 9);
  for (const what of ['users', 'sites']) {
    const { status, body: rows } = await ask('GET', `/organizations/1001/${what}`);
    assert.equal(status, 200);
    assert.ok(Array.isArray(rows) && rows.length > 0, what);
  }
});

test('a tenant sees its own rows only: row-level security holds for the application', async () => {
  const ids = async (organization: number) => {
    const { body } = await ask('GET', `/organizations/${organization}/sites`);
    return Array.isArray(body) ? body.map((site) => site.id) : [];
  };
  const [one, other] = [await ids(1001), await ids(1002)];
  assert.equal(new Set([...one, ...other]).size, one.length + other.length);
  assert.deepEqual(await ids(999_999), []);
});

test('it writes: a new user and a new site are there afterwards', async () => {
  const added = await ask('POST', '/organizations/1001/users', { email: 'neu@example.org', displayName: 'Neu Ö' });
  assert.equal(added.status, 201);
  const site = await ask('POST', '/organizations/1001/sites', { name: 'Neu' });
  assert.equal(site.status, 201);
  await using client = await connect(lab.settings.postgres);
  const { rows } = await client.query(`SELECT display_name FROM users WHERE email = 'neu@example.org'`);
  assert.deepEqual(rows, [{ display_name: 'Neu Ö' }]);
});

test('what the database refuses is the request’s fault', async () => {
  const added = await ask('POST', '/organizations/1001/users', { email: 'no address', displayName: 'x' });
  assert.equal(added.status, 400);
  assert.equal((await ask('POST', '/organizations/999999/sites', { name: 'nobody’s' })).status, 400);
  assert.equal((await ask('POST', '/organizations/1001/sites', { wrong: true })).status, 400);
  assert.equal((await ask('GET', '/nothing')).status, 404);
});

test('health goes red when PostgreSQL stops, and green again by itself', async () => {
  await lab.services.postgres.stop();
  assert.equal((await ask('GET', '/healthz')).status, 503);
  assert.equal((await ask('GET', '/readyz')).status, 503);
  assert.equal((await ask('GET', '/organizations')).status, 503);
  assert.equal((await ask('GET', '/livez')).status, 200);
  await lab.services.postgres.start();
  await waitForBackend(lab);
  assert.equal((await ask('GET', '/healthz')).status, 200);
  assert.equal((await ask('GET', '/organizations')).status, 200);
});

test('it logs that it is unavailable and ready again, once each, although nobody asked', async () => {
  const before = events().length;
  await lab.services.postgres.stop();
  const since = () => events().slice(before);
  assert.ok(await until(() => since().includes('unavailable'), { timeout: 20_000 }));
  await lab.services.postgres.start();
  assert.ok(await until(() => since().at(-1) === 'ready', { timeout: 20_000 }));
  assert.equal(since().filter((event) => event === 'ready').length, 1);
});

test('a database without its tables is healthy, but not ready, and the tables are named', async () => {
  await using bare = await labUp({ report: silent });
  {
    await using client = await connect(bare.settings.postgres, { database: 'postgres' });
    await client.query('CREATE DATABASE freshtrack');
  }
  await bare.services.backend.start();
  assert.equal((await fetch(`${bare.backendUrl}/healthz`)).status, 200);
  const response = await fetch(`${bare.backendUrl}/readyz`);
  assert.equal(response.status, 503);
  assert.match(await response.text(), /missing tables.*organizations/);
});

test('waiting for it can be interrupted', async () => {
  await lab.services.postgres.stop();
  const controller = new AbortController();
  const waiting = waitForBackend(lab, controller.signal);
  controller.abort(new Failure('lab-missing'));
  await assert.rejects(waiting, (error) => error instanceof Failure && error.code === 'lab-missing');
  await lab.services.postgres.start();
});

test('it ends in order when it is stopped', async () => {
  await waitForBackend(lab);
  await lab.services.backend.stop();
  assert.deepEqual(events().slice(-2), ['stopping', 'stopped']);
  await using client = await connect(lab.settings.postgres);
  const { rows } = await client.query(`SELECT FROM pg_stat_activity WHERE application_name = 'freshtrack-backend'`);
  assert.equal(rows.length, 0);
});
