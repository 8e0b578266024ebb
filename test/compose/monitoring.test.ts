/**
 * The profile `monitoring` as a reader starts it, without Grafana where its image cannot be had: it gets healthy, it reads the
 * backup service and PostgreSQL, and BackupContainerDown fires, is told to a receiver, and resolves.
 */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { dashboardQueries } from '../monitoring/dashboard.ts';
import { eventually, newStack, type Stack } from './support/stack.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Grafana's image is a setting too; where it can be pulled, `--profile monitoring up` starts it with the others. */
const SERVICES = ['backup', 'prometheus', 'alertmanager', 'postgres-exporter', 'receiver'];

const Answer = z.object({
  status: z.literal('success'),
  data: z.object({
    result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) })),
  }),
});
const Told = z.object({
  alerts: z.array(
    z.object({
      status: z.enum(['firing', 'resolved']),
      labels: z.record(z.string(), z.string()),
      annotations: z.record(z.string(), z.string()),
    }),
  ),
});

describe('the monitoring of a stack', () => {
  let stack: Stack;
  const folder = mkdtempSync(join(tmpdir(), 'drillbook-monitoring-'));
  before(async () => {
    const COMPOSE_FILE = [join(ROOT, 'docker-compose.yml'), overrideIn(folder)].join(':');
    stack = await newStack({
      SAMPLE_ROWS: '10000',
      COMPOSE_FILE,
      COMPOSE_PATH_SEPARATOR: ':',
      ALERT_WEBHOOK_URL: 'http://receiver:8080/',
    });
  });
  after(async () => {
    await stack?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  it('gets healthy beside the other services', async () => {
    const up = await stack.compose('--profile', 'monitoring', 'up', '--detach', '--wait', ...LONG, ...SERVICES);
    const logs = await stack.compose('--profile', '*', 'logs', '--no-color', '--tail=15');
    assert.equal(up.status, 0, `${up.stderr}\n${logs.stdout}`);
  });

  it('reaches the backup service and the exporter', async () => {
    for (const job of ['drillbook-backup', 'postgres'])
      await eventually(`${job} is up`, () => holds(`up{job="${job}"} == 1`));
  });

  it('looks at PostgreSQL with a role that reads statistics and no table', async () => {
    assert.ok(await holds('pg_up == 1'));
    const ask = async (query: string) =>
      (await stack.exec('psql', '--dbname=freshtrack', '-X', '-Atc', query)).stdout.trim();
    const who = `SELECT DISTINCT usename FROM pg_stat_activity WHERE application_name = '' AND datname = 'postgres' AND usename <> 'freshtrack'`;
    assert.equal(await ask(who), 'freshtrack_monitor');
    const may = `SELECT rolsuper, has_table_privilege(oid, 'users', 'SELECT') FROM pg_roles WHERE rolname = 'freshtrack_monitor'`;
    assert.equal(await ask(may), 'f|f');
    // The administrator's password is not even readable there.
    const read = ['exec', `${stack.project}-postgres-exporter`, 'cat', '/stack/secrets/postgres_password'];
    assert.match((await stack.docker(...read)).stderr, /Permission denied/);
  });

  it('has data for every query of the dashboard', async (t) => {
    const proven = 'drillbook_drill_last_verdict{verdict="proven"} == 1';
    await eventually('the first backup is proven', () => holds(proven));
    const queries = dashboardQueries('freshtrack');
    assert.ok(queries.length >= 19, 'the dashboard lost panels');
    for (const { panel, expr } of queries)
      await t.test(`${panel}: ${expr}`, async () => {
        await eventually(`${expr} has data`, () => holds(expr), 60_000);
        for (const { value } of await query(expr)) assert.ok(Number.isFinite(Number(value[1])), value[1]);
      });
  });

  it('fires BackupContainerDown when the backup container stops, and resolves it when it is up again', async () => {
    const down = { alertname: 'BackupContainerDown', reason: 'no answer', instance: 'backup:9188' };
    assert.deepEqual(await query('ALERTS{alertname="BackupContainerDown"}'), []);
    assert.equal((await stack.compose('stop', 'backup')).status, 0);
    await eventually('it fires and the receiver is told', async () => (await last(down))?.status === 'firing');
    assert.ok(await holds('ALERTS{alertname="BackupContainerDown", alertstate="firing"}'));
    assert.match((await last(down))?.annotations.runbook_url ?? '', /\/runbooks\/backup-service-down\/$/);
    // As the page of this alert says.
    const up = await stack.compose('up', '--detach', '--wait', ...LONG, 'backup');
    assert.equal(up.status, 0, up.stderr);
    await eventually('it resolves and the receiver is told', async () => (await last(down))?.status === 'resolved');
    assert.equal(await holds('ALERTS{alertname="BackupContainerDown", reason="no answer"}'), false);
  });

  async function query(expr: string) {
    const url = `http://127.0.0.1:${stack.ports.prometheus}/api/v1/query`;
    const response = await fetch(url, { method: 'POST', body: new URLSearchParams({ query: expr }) });
    return Answer.parse(await response.json()).data.result;
  }

  async function holds(expr: string): Promise<boolean> {
    return (await query(expr)).length > 0;
  }

  /** What the receiver was told last of such an alert. */
  async function last(labels: Record<string, string>) {
    const { stdout } = await stack.docker('logs', `${stack.project}-receiver-1`);
    const bodies = stdout.split('\n').filter((line) => line.startsWith('{'));
    const told = bodies.flatMap((line) => Told.parse(JSON.parse(line)).alerts);
    return told.findLast((alert) => Object.entries(labels).every(([name, value]) => alert.labels[name] === value));
  }
});

const LONG = ['--wait-timeout', '300'];

/** Prints each body that it is sent on a line of its own. */
const RECEIVER = `require('node:http').createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  console.log(JSON.stringify(JSON.parse(body)));
  response.end();
}).listen(8080)`;

/** The same files with shorter times, in place of the stack's own, and somebody to be told. */
function overrideIn(folder: string): string {
  const copy = (name: string, changes: Record<string, string>) => {
    cpSync(join(ROOT, 'deploy', name), join(folder, name), { recursive: true });
    for (const [file, shorter] of Object.entries(changes)) shorten(join(folder, name, file), shorter);
    return join(folder, name);
  };
  const prometheus = copy('prometheus', {
    'alerts.yml': '^ +for: (5m) => 1s',
    'prometheus.yml': '_interval: (15s) => 1s',
  });
  const alertmanager = copy('alertmanager', { 'alertmanager.yml': 'group_(?:wait|interval): (30s|5m) => 1s' });
  const override = {
    services: {
      prometheus: { volumes: [`${prometheus}:/etc/prometheus:ro`] },
      alertmanager: { volumes: [`${alertmanager}:/etc/drillbook:ro`] },
      receiver: {
        image: '${DRILLBOOK_IMAGE:-freshtrack/drillbook:latest}',
        profiles: ['monitoring'],
        command: ['node', '-e', RECEIVER.replaceAll('$', '$$$$')],
        networks: ['freshtrack'],
        init: true,
      },
    },
  };
  const file = join(folder, 'override.yml');
  writeFileSync(file, JSON.stringify(override));
  return file;
}

/** @param change a pattern with the text to replace in its first group, and its replacement */
function shorten(file: string, change: string): void {
  const [pattern = '', replacement = ''] = change.split(' => ');
  const text = readFileSync(file, 'utf8');
  const changed = text.replaceAll(new RegExp(pattern, 'gm'), (whole, found: string) =>
    whole.replace(found, replacement),
  );
  assert.notEqual(changed, text, `${file} has nothing like ${pattern}`);
  writeFileSync(file, changed);
}
