/** What can be said about the alerts and the dashboard without a running Prometheus: their own tests, names and links. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { parse } from 'yaml';
import { z } from 'zod';
import { METRICS } from '../../src/agent/metrics.ts';
import { providePrometheus } from '../../src/lab/programs.ts';
import { type Ran, run } from '../../src/process.ts';
import { silent } from '../../src/progress.ts';
import { dashboardQueries } from './dashboard.ts';

const ROOT = join(import.meta.dirname, '../..');
const PROMETHEUS = join(ROOT, 'deploy/prometheus');
const ALERTMANAGER = join(ROOT, 'deploy/alertmanager');
const programs = await providePrometheus({ report: silent });
const folder = mkdtempSync(join(tmpdir(), 'drillbook-rules-'));
after(() => rmSync(folder, { recursive: true }));

const rule = z.strictObject({
  alert: z.string(),
  expr: z.string(),
  for: z.string().optional(),
  labels: z.strictObject({ severity: z.enum(['critical', 'warning']), reason: z.string().optional() }),
  annotations: z.strictObject({ summary: z.string(), description: z.string(), runbook_url: z.string() }),
});
const groups = z.strictObject({ groups: z.array(z.strictObject({ name: z.string(), rules: z.array(rule) })) });
const rules = groups
  .parse(parse(readFileSync(join(PROMETHEUS, 'alerts.yml'), 'utf8')))
  .groups.flatMap((group) => group.rules);

/** Runs in a folder of deploy/. */
function check(cwd: string, program: string, ...args: string[]): Promise<Ran> {
  return run(program, args, { cwd, timeout: 180_000 });
}

test('promtool accepts the configuration and the rules', async () => {
  for (const args of [
    ['config', 'prometheus.yml'],
    ['rules', 'alerts.yml'],
  ]) {
    const { status, stdout, stderr } = await check(PROMETHEUS, programs.promtool, 'check', ...args);
    assert.equal(status, 0, stdout + stderr);
  }
});

test('every alert fires when it should, not before, and resolves: promtool’s own tests', async () => {
  const { status, stdout, stderr } = await check(
    PROMETHEUS,
    programs.promtool,
    ...['test', 'rules', 'alerts.test.yml', 'alerts.days.test.yml'],
  );
  assert.equal(status, 0, stdout + stderr);
});

test('promtool’s tests see every rule fire', () => {
  const text = ['alerts.test.yml', 'alerts.days.test.yml'].map((file) => readFileSync(join(PROMETHEUS, file), 'utf8'));
  const expected = z.object({
    tests: z.array(
      z.object({
        alert_rule_test: z.array(
          z.object({
            alertname: z.string(),
            exp_alerts: z.array(z.object({ exp_labels: z.record(z.string(), z.string()) })),
          }),
        ),
      }),
    ),
  });
  const seen = text
    .flatMap((one) => expected.parse(parse(one)).tests)
    .flatMap((one) => one.alert_rule_test)
    .flatMap(({ alertname, exp_alerts }) => exp_alerts.map((alert) => `${alertname} ${alert.exp_labels.reason ?? ''}`));
  for (const { alert, labels } of rules)
    assert.ok(seen.includes(`${alert} ${labels.reason ?? ''}`), `no test lets ${alert} ${labels.reason ?? ''} fire`);
});

test('every alert leads to a page of the site that exists', () => {
  assert.ok(rules.length >= 8);
  for (const { alert, annotations } of rules) {
    const [, path] = /^\{\{ \$externalLabels\.site \}\}\/(runbooks\/[a-z-]+)\/$/.exec(annotations.runbook_url) ?? [];
    assert.ok(path !== undefined, `${alert}: ${annotations.runbook_url}`);
    assert.ok(existsSync(join(ROOT, path, 'index.mdx')), `${alert} leads to ${path}, which is no page`);
  }
});

test('every metric of the rules and the dashboard is one that the backup service has', () => {
  const known = new Set(Object.keys(METRICS).map((name) => `drillbook_${name}`));
  const texts = [...rules.map(({ expr }) => expr), ...dashboardQueries('freshtrack').map(({ expr }) => expr)];
  const named = new Set(texts.flatMap((text) => text.match(/\bdrillbook_[a-z_]+/g) ?? []));
  assert.ok(named.size >= 10);
  assert.deepEqual(
    [...named].filter((name) => !known.has(name)),
    [],
  );
});

test('the committed dashboard is the one that the code draws', async () => {
  const { status, stderr } = await run(process.execPath, ['scripts/draw-dashboard.ts', '--check'], { cwd: ROOT });
  assert.equal(status, 0, stderr);
});

/** Runs start.sh up to the point where it would start Alertmanager, and returns what it wrote. */
async function configured(env: Record<string, string>): Promise<{ ran: Ran; file: string }> {
  const file = join(folder, 'alertmanager.yml');
  rmSync(file, { force: true });
  const PATH = `${dirname(programs.alertmanager)}:${process.env.PATH}`;
  const ran = await run('sh', [join(ALERTMANAGER, 'start.sh'), '--version'], {
    env: { PATH, ALERTMANAGER_WRITTEN: file, ...env },
    timeout: 30_000,
  });
  return { ran, file };
}

/** What Alertmanager does with an alert under this configuration. */
async function receiverIn(file: string): Promise<string> {
  const accepted = await check(folder, programs.amtool, 'check-config', file);
  assert.equal(accepted.status, 0, accepted.stdout + accepted.stderr);
  const args = ['config', 'routes', 'test', `--config.file=${file}`, 'alertname=BackupAgeTooOld', 'severity=critical'];
  return (await check(folder, programs.amtool, ...args)).stdout.trim();
}

test('Alertmanager tells whom the setting names, whatever the address holds', async () => {
  for (const url of ['http://receiver:8080', 'https://hooks.example.org/T0/B0?x=1&y=%7C#a', 'http://a.example/$1']) {
    const { ran, file } = await configured({ ALERT_WEBHOOK_URL: url });
    assert.equal(ran.status, 0, ran.stderr);
    assert.equal(await receiverIn(file), 'webhook');
    const written: unknown = parse(readFileSync(file, 'utf8'));
    const { receivers } = z
      .object({ receivers: z.array(z.object({ webhook_configs: z.array(z.object({ url: z.string() })).optional() })) })
      .parse(written);
    assert.equal(receivers.flatMap((receiver) => receiver.webhook_configs ?? [])[0]?.url, url);
  }
});

test('the address may come from a file, and without any nobody is told', async () => {
  const secret = join(folder, 'url');
  writeFileSync(secret, 'https://hooks.example.org/secret\n');
  const fromFile = await configured({ ALERT_WEBHOOK_URL_FILE: secret });
  assert.equal(await receiverIn(fromFile.file), 'webhook');
  assert.match(readFileSync(fromFile.file, 'utf8'), /url: 'https:\/\/hooks\.example\.org\/secret'/);
  const without = await configured({});
  assert.equal(await receiverIn(without.file), 'nobody');
});

test('an address that is none is refused in a sentence that does not repeat it, since it may be a secret', async () => {
  for (const url of [
    'hooks.example.org/secret',
    'ftp://secret',
    "http://x/secret'\n- url: http://evil",
    'http://a secret',
  ]) {
    const { ran, file } = await configured({ ALERT_WEBHOOK_URL: url });
    assert.equal(ran.status, 2);
    assert.match(ran.stderr, /^error: ALERT_WEBHOOK_URL /);
    assert.doesNotMatch(ran.stderr, /secret/);
    assert.equal(existsSync(file), false);
  }
});
