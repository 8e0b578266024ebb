/** The services of the profile `monitoring`, as far as they can be judged without an engine. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { z } from 'zod';

const ROOT = join(import.meta.dirname, '../..');
const read = (file: string): unknown => parse(readFileSync(join(ROOT, file), 'utf8'), { merge: true });

const service = z.object({
  image: z.string(),
  profiles: z.array(z.string()),
  read_only: z.literal(true),
  cap_drop: z.tuple([z.literal('ALL')]),
  volumes: z.array(z.string()),
  ports: z.array(z.string()).default([]),
});
const { services } = z.object({ services: z.record(z.string(), service) }).parse(read('deploy/monitoring.compose.yml'));

test('every image is a setting with a default that names one release', () => {
  for (const [name, { image }] of Object.entries(services))
    assert.match(image, /^\$\{[A-Z_]+_IMAGE:-[a-z/-]+:v?\d+\.\d+\.\d+\}$/, name);
});

test('nothing starts without the profile, and nothing is published beyond the loopback address', () => {
  for (const [name, { profiles, ports }] of Object.entries(services)) {
    assert.deepEqual(profiles, ['monitoring'], name);
    for (const port of ports) assert.match(port, /^127\.0\.0\.1:\$\{[A-Z]+_PORT:-\d+\}:\d+$/, name);
  }
});

test('every file that is mounted exists, and is mounted to be read only', () => {
  const mounted = Object.values(services).flatMap(({ volumes }) => volumes.filter((volume) => volume.startsWith('./')));
  assert.ok(mounted.length >= 4);
  for (const volume of mounted) {
    const [source = '', , mode] = volume.split(':');
    assert.equal(mode, 'ro', volume);
    assert.ok(existsSync(join(ROOT, source)), volume);
  }
});

test('Prometheus, Alertmanager and Grafana look for services by names that the stack has', () => {
  const texts = ['prometheus/prometheus.yml', 'grafana/provisioning/datasources/prometheus.yml'];
  const { services: stack } = z
    .object({ services: z.record(z.string(), z.unknown()) })
    .parse(read('docker-compose.yml'));
  const named = texts
    .flatMap((file) => readFileSync(join(ROOT, 'deploy', file), 'utf8').match(/\b[a-z-]+:9\d{3}\b/g) ?? [])
    .map((target) => target.split(':')[0] ?? '');
  assert.deepEqual([...new Set(named)].sort(), ['alertmanager', 'backup', 'postgres-exporter', 'prometheus']);
  for (const name of named) assert.ok(name in services || name in stack, name);
});

test('Grafana is given the dashboard from the folder in which it is drawn', () => {
  const { providers } = z
    .object({ providers: z.array(z.object({ options: z.object({ path: z.string() }) })) })
    .parse(read('deploy/grafana/provisioning/dashboards/drillbook.yml'));
  const [place] = providers.map(({ options }) => options.path);
  assert.ok(services.grafana?.volumes.includes(`./deploy/grafana/dashboards:${place}:ro`));
});
