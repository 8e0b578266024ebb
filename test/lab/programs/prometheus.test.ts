import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Failure } from '../../../src/failure.ts';
import { findPrometheus, providePrometheus } from '../../../src/lab/programs/prometheus.ts';
import { silent } from '../../../src/progress.ts';

const root = mkdtempSync(join(tmpdir(), 'drillbook-test-'));
after(() => rmSync(root, { recursive: true }));

function folderOf(name: string, programs: string[]): string {
  const folder = join(root, name);
  mkdirSync(folder, { recursive: true });
  for (const program of programs) {
    writeFileSync(join(folder, program), '#!/bin/sh\n');
    chmodSync(join(folder, program), 0o755);
  }
  return folder;
}

test('Prometheus and its kin are found under the names of their authors and under those of Debian', () => {
  const own = folderOf('own', ['prometheus', 'promtool', 'alertmanager', 'amtool', 'postgres_exporter']);
  const debian = folderOf('debian', [
    'prometheus',
    'promtool',
    'prometheus-alertmanager',
    'amtool',
    'prometheus-postgres-exporter',
  ]);
  assert.equal(findPrometheus({ PATH: own, HOME: root })?.exporter, join(own, 'postgres_exporter'));
  assert.equal(findPrometheus({ PATH: debian, HOME: root })?.alertmanager, join(debian, 'prometheus-alertmanager'));
});

test('one that is missing is missed, and found where an earlier run unpacked it', () => {
  const PATH = folderOf('some', ['prometheus', 'promtool', 'alertmanager', 'amtool']);
  assert.equal(findPrometheus({ PATH, HOME: root }), undefined);
  const cache = folderOf('.cache/drillbook/prometheus/all/usr/bin', ['prometheus-postgres-exporter']);
  assert.equal(findPrometheus({ PATH, HOME: root })?.exporter, join(cache, 'prometheus-postgres-exporter'));
});

test('where nothing can be unpacked, every way to provide them is named', async () => {
  const env = { PATH: folderOf('none', []), HOME: join(root, 'nobody') };
  await assert.rejects(providePrometheus({ report: silent, env }), (error: unknown) => {
    assert.ok(error instanceof Failure);
    assert.equal(error.code, 'program-missing');
    assert.match(error.hint, /PATH/);
    assert.match(error.hint, /prometheus-alertmanager/);
    return true;
  });
});
