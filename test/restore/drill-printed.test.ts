import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { run } from '../../src/process.ts';
import { verdictText } from '../../src/restore/text.ts';
import { endNasty, good, nextName, services, settings, startNasty } from '../support/nasty.ts';
import { bare, put } from '../support/samples.ts';

before(() => startNasty());
after(endNasty);

describe('what is printed', () => {
  test('is complete and holds no secret', async () => {
    const keyTables = 'users,"Mixed Case"."Odd ""Name"""';
    const env = { ...services.environment(settings), KEY_TABLES: keyTables, MIN_TABLES: '5' };
    const program = join(import.meta.dirname, '../../src/cli/drillbook.ts');
    const ran = await run(process.execPath, [program, 'drill', good], { env });
    assert.equal(ran.status, 0, ran.stderr);
    for (const words of [`PROVEN: ${good}`, 'Test database', 'tables', '603 rows', 'Compared:', 'Not compared:'])
      assert.ok(ran.stdout.includes(words), words);
    for (const secret of [settings.postgres.password, settings.store.secretKey, settings.store.accessKey])
      assert.ok(!`${ran.stdout}${ran.stderr}`.includes(secret));
  });

  test('as JSON holds every difference, and the status is 1', async () => {
    const env = { ...services.environment(settings), KEY_TABLES: 'sites' };
    const program = join(import.meta.dirname, '../../src/cli/drillbook.ts');
    const ran = await run(process.execPath, [program, 'drill', good, '--json'], { env });
    assert.equal(ran.status, 1, ran.stderr);
    assert.equal(JSON.parse(ran.stdout).verdict, 'disproved');
  });

  test('of the script is the same text', async () => {
    const script = join(import.meta.dirname, '../../scripts/test-restore.ts');
    const ran = await run(process.execPath, [script, good], { env: services.environment(settings) });
    assert.equal(ran.status, 0, ran.stderr);
    assert.match(ran.stdout, /^PROVEN: nasty_/);
    const bad = nextName();
    await put(services, bad, 'x');
    await bare(services, bad);
    assert.equal((await run(process.execPath, [script, bad], { env: services.environment(settings) })).status, 1);
  });

  test('of a verdict names the reasons first', () => {
    const phases = { download: 1, restore: 2, proof: 3 };
    const versions = { server: '15.18', pgRestore: '15.18', pgDump: '15.18' };
    const text = verdictText({
      schema: 1,
      verdict: 'disproved',
      backup: 'x',
      reasons: ['index public.a is missing'],
      differences: [],
      compared: [],
      notProven: [],
      startedAt: '2026-01-01T00:00:00.000Z',
      endedAt: '2026-01-01T00:00:00.000Z',
      seconds: 6,
      phases,
      bytes: 1,
      sha256: '',
      testDatabase: 't',
      tables: 0,
      rows: 0,
      keyTables: [],
      versions,
    });
    assert.match(text, /^DISPROVED: x must not be relied on\.\n\nWhy:\n {2}- index public\.a is missing\n/);
  });
});
