/**
 * Prometheus, Alertmanager and the exporter of PostgreSQL as the stack configures them, with only addresses and times changed, and
 * a receiver that keeps what it is told.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { json } from 'node:stream/consumers';
import { providePrometheus } from '../../src/lab/programs.ts';

import { endGroup, launch } from '../../src/process.ts';
import { silent } from '../../src/progress.ts';
import type { Settings } from '../../src/settings.ts';
import { freePort, until } from '../support/services.ts';

export const SITE = 'http://site.example';
const DEPLOY = join(import.meta.dirname, '../../deploy');

/** An alert as a receiver is told of it. */
export type Told = {
  status: 'firing' | 'resolved';
  labels: Record<string, string>;
  annotations: Record<string, string>;
};
export type Sample = { metric: Record<string, string>; value: [time: number, value: string] };

export type Monitoring = AsyncDisposable & {
  /** Everything the receiver was told, oldest first. */
  told: readonly Told[];
  /** An instant query. @throws with Prometheus' own words when it refuses */
  query(expr: string): Promise<Sample[]>;
  /** Waits until Prometheus and the receiver say so; other labels of the alert may be anything. */
  fires(labels: Record<string, string>): Promise<Told>;
  resolves(labels: Record<string, string>): Promise<Told>;
};

/** @param agent where the backup service listens, also while it does not: host:port */
export async function startMonitoring(agent: string, { postgres }: Settings): Promise<Monitoring> {
  await using stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'drillbook-monitoring-'));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const programs = await providePrometheus({ report: silent });
  const ports = { prometheus: await freePort(), alertmanager: await freePort(), exporter: await freePort() };
  const told: Told[] = [];
  const receiver = await receive(stack, told);
  const run = (name: string, program: string, args: string[], env: Record<string, string> = {}) =>
    start(stack, { folder, name, program, args, env });

  await run('exporter', programs.exporter, [`--web.listen-address=127.0.0.1:${ports.exporter}`], {
    DATA_SOURCE_URI: `${postgres.host}:${postgres.port}/postgres?sslmode=disable`,
    DATA_SOURCE_USER: postgres.user,
    DATA_SOURCE_PASS: postgres.password,
  });
  const alertmanager = render(folder, 'alertmanager/alertmanager.yml', {
    'group_wait: 30s': 'group_wait: 0s',
    'group_interval: 5m': 'group_interval: 200ms',
  });
  const flags = [`--web.listen-address=127.0.0.1:${ports.alertmanager}`, '--cluster.listen-address='];
  const script = join(DEPLOY, 'alertmanager/start.sh');
  await run('alertmanager', 'sh', [script, ...flags, `--storage.path=${join(folder, 'alertmanager')}`], {
    PATH: `${dirname(programs.alertmanager)}:${process.env.PATH}`,
    ALERTMANAGER_CONFIG: alertmanager,
    ALERTMANAGER_WRITTEN: join(folder, 'alertmanager.written.yml'),
    ALERT_WEBHOOK_URL: receiver,
  });
  render(folder, 'prometheus/alerts.yml', { 'for: 5m': 'for: 1s', 'for: 15m': 'for: 1s' });
  const config = render(folder, 'prometheus/prometheus.yml', {
    'scrape_interval: 15s': 'scrape_interval: 200ms',
    'evaluation_interval: 15s': 'evaluation_interval: 200ms',
    'alertmanager:9093': `127.0.0.1:${ports.alertmanager}`,
    'backup:9188': agent,
    'postgres-exporter:9187': `127.0.0.1:${ports.exporter}`,
  });
  const url = `http://127.0.0.1:${ports.prometheus}`;
  const own = [`--web.listen-address=127.0.0.1:${ports.prometheus}`, `--storage.tsdb.path=${join(folder, 'data')}`];
  await run(
    'prometheus',
    programs.prometheus,
    [`--config.file=${config}`, '--enable-feature=expand-external-labels', '--rules.alert.resend-delay=1s', ...own],
    { DRILLBOOK_SITE: SITE },
  );
  const ready = (address: string) =>
    fetch(address).then(
      (answer) => answer.ok,
      () => false,
    );
  const words = (name: string) => () => readFileSync(join(folder, `${name}.log`), 'utf8').slice(-2_000);
  await until(
    () => ready(`http://127.0.0.1:${ports.alertmanager}/-/ready`),
    'Alertmanager answers',
    words('alertmanager'),
  );
  await until(() => ready(`${url}/-/ready`), 'Prometheus answers', words('prometheus'));
  await until(() => ready(`http://127.0.0.1:${ports.exporter}/metrics`), 'the exporter answers', words('exporter'));

  const query = async (expr: string) => {
    const response = await fetch(`${url}/api/v1/query`, { method: 'POST', body: new URLSearchParams({ query: expr }) });
    // The form of Prometheus' answer to an instant query.
    const answer = (await response.json()) as { status: string; error?: string; data: { result: Sample[] } };
    assert.equal(answer.status, 'success', `${expr}: ${answer.error}`);
    return answer.data.result;
  };
  const last = (labels: Record<string, string>) => told.findLast((one) => matches(one.labels, labels));
  const becomes = async (labels: Record<string, string>, status: Told['status']) => {
    const text = JSON.stringify(labels);
    const selector = Object.entries({ alertstate: 'firing', ...labels }).map(([name, value]) => `${name}="${value}"`);
    const firing = async () => (await query(`ALERTS{${selector.join(',')}}`)).length > 0;
    await until(
      async () => last(labels)?.status === status && (await firing()) === (status === 'firing'),
      `Prometheus and the receiver say that ${text} is ${status}`,
      () => JSON.stringify(told.map((one) => [one.status, one.labels])),
    );
    return last(labels) ?? assert.fail(text);
  };
  const moved = stack.move();
  return {
    told,
    query,
    fires: (labels) => becomes(labels, 'firing'),
    resolves: (labels) => becomes(labels, 'resolved'),
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  };
}

/** A copy of a file of deploy/ with each of the texts, which must be there, replaced. */
function render(folder: string, file: string, changes: Record<string, string>): string {
  let text = readFileSync(join(DEPLOY, file), 'utf8');
  for (const [from, to] of Object.entries(changes)) {
    assert.ok(text.includes(from), `${file} has no "${from}"`);
    text = text.replaceAll(from, to);
  }
  const written = join(folder, file.split('/').at(-1) ?? file);
  writeFileSync(written, text);
  return written;
}

async function receive(stack: AsyncDisposableStack, told: Told[]): Promise<string> {
  const server = createServer((request, response) => {
    json(request).then(
      (body) => {
        // The form of Alertmanager's webhook.
        told.push(...(body as { alerts: Told[] }).alerts);
        response.end();
      },
      () => response.writeHead(400).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stack.defer(() => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return `http://127.0.0.1:${address.port}/alerts?to=the%20team&from=drillbook`;
}

type Program = { folder: string; name: string; program: string; args: string[]; env: Record<string, string> };

async function start(stack: AsyncDisposableStack, { folder, name, program, args, env }: Program): Promise<void> {
  const cwd = join(folder, `${name}.work`);
  mkdirSync(cwd);
  const environment = { PATH: process.env.PATH ?? '', HOME: cwd, ...env };
  const pid = await launch(program, args, { env: environment, cwd, log: join(folder, `${name}.log`) });
  stack.defer(() => endGroup(pid, () => !isThere(pid)));
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

function matches(labels: Record<string, string>, wanted: Record<string, string>): boolean {
  return Object.entries(wanted).every(([name, value]) => labels[name] === value);
}
