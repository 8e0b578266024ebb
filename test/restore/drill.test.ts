import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { takeBackup } from '../../src/backup/take.ts';
import { environmentOf } from '../../src/postgres/connection.ts';
import { postgresPrograms } from '../../src/postgres/programs.ts';
import { runOrFail } from '../../src/process.ts';
import { drill } from '../../src/restore/drill.ts';
import { exitOf, verdictText } from '../../src/restore/text.ts';
import type { Verdict } from '../../src/restore/verdict.ts';
import {
  archive,
  endNasty,
  good,
  manifest,
  nextName,
  nothingIsLeft,
  services,
  settings,
  startNasty,
} from '../support/nasty.ts';
import { bytesOf, forge, load, pagila, put } from '../support/samples.ts';

before(() => startNasty());
after(endNasty);

describe('a good backup', () => {
  test('with everything that breaks restores in practice is proven', async () => {
    const verdict = await drill(settings, { backup: good });
    assert.deepEqual(verdict.reasons, []);
    assert.equal(verdict.verdict, 'proven');
    assert.equal(exitOf(verdict), 0);
    assert.match(verdict.testDatabase, /^nasty_restore_test_[0-9a-f]{8}$/);
    assert.equal(verdict.tables, manifest.content.tables.length);
    await nothingIsLeft();
  });

  test('leaves a dated verdict beside itself, which the list of backups can read', async () => {
    const verdict = await drill(settings, { backup: good });
    const names: string[] = [];
    for await (const item of services.s3.listObjectsV2(settings.store.bucket, `${good}.drill.`)) names.push(item.name);
    const kept: Verdict[] = [];
    for (const name of names) kept.push(JSON.parse((await bytesOf(services, name)).toString()));
    assert.deepEqual(
      kept.find((one) => one.testDatabase === verdict.testDatabase),
      verdict,
    );
  });

  test('of pagila is proven too', async (t) => {
    if (pagila === undefined) return t.skip('../shared/data/pagila.sql is not there');
    await load(services, 'pagila', pagila);
    const keyTables = ['film', 'actor', 'rental'].map((name) => ({ schema: 'public', name }));
    const of = { ...services.with({ postgres: { database: 'pagila' } }), keyTables };
    await takeBackup(of);
    const verdict = await drill(of);
    assert.deepEqual(verdict.reasons, []);
    assert.equal(verdict.verdict, 'proven');
    assert.deepEqual(
      verdict.keyTables.map(({ rows }) => rows),
      [1000, 200, 16044],
    );
  });

  test('is proven by a user who is no superuser, although row security is forced', async () => {
    await services.database('plain', 'nasty');
    await services.sql('ALTER TABLE documents FORCE ROW LEVEL SECURITY', 'plain');
    const { name } = await takeBackup(services.with({ postgres: { database: 'plain' } }));
    await services.sql("CREATE ROLE plain LOGIN CREATEDB PASSWORD 'plain-Secret'");
    const user = { database: 'plain', user: 'plain', password: 'plain-Secret' };
    const verdict = await drill(services.with({ postgres: user }), { backup: name });
    assert.deepEqual(verdict.reasons, []);
    assert.equal(verdict.verdict, 'proven');
    await nothingIsLeft();
  });

  test('is proven where a partitioned table has a trigger that changes rows', async () => {
    await services.database('partitioned');
    await services.sql(
      `CREATE TABLE p (id int PRIMARY KEY, note text) PARTITION BY RANGE (id);
       CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (1000);
       INSERT INTO p SELECT i, 'as it was' FROM generate_series(1, 500) i;
       CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.note := ''changed''; RETURN NEW; END';
       CREATE TRIGGER changes BEFORE INSERT ON p FOR EACH ROW EXECUTE FUNCTION f();
       COMMENT ON TRIGGER changes ON p IS 'Must not fire while rows are restored';`,
      'partitioned',
    );
    const of = services.with({ postgres: { database: 'partitioned' } });
    await takeBackup(of);
    const verdict = await drill({ ...of, keyTables: [], minTables: 1 });
    assert.deepEqual(verdict.reasons, []);
    assert.equal(verdict.verdict, 'proven');
  });

  test('is proven where the roles that its policies and privileges name do not exist', async () => {
    await services.sql('ALTER ROLE nasty_reader RENAME TO somebody_else');
    try {
      const verdict = await drill(settings, { backup: good });
      assert.deepEqual(verdict.reasons, []);
      assert.equal(verdict.verdict, 'proven');
      assert.ok(verdict.notProven.some((line) => line.startsWith('roles of policies')));
    } finally {
      await services.sql('ALTER ROLE somebody_else RENAME TO nasty_reader');
    }
  });

  test('stays proven while two drills of it run at once', async () => {
    const verdicts = await Promise.all([drill(settings, { backup: good }), drill(settings, { backup: good })]);
    assert.deepEqual(
      verdicts.map(({ verdict }) => verdict),
      ['proven', 'proven'],
    );
    assert.notEqual(verdicts[0]?.testDatabase, verdicts[1]?.testDatabase);
    await nothingIsLeft();
  });

  test('without a manifest is restorable, and says that its content is unproven', async () => {
    const name = nextName();
    await put(services, name, archive);
    const verdict = await drill(settings, { backup: name });
    assert.deepEqual(verdict.reasons, []);
    assert.equal(verdict.verdict, 'restorable');
    assert.equal(exitOf(verdict), 0);
    assert.equal(exitOf(verdict, { requireManifest: true }), 1);
    assert.match(verdict.notProven.join(), /the content: without a manifest/);
  });

  for (const [what, text, reason] of [
    ['damaged', '{"schema": 1, ', /it is no JSON/],
    ['of a newer Drillbook', '{"schema": 99}', /it is of schema 99, which this Drillbook does not know/],
  ] as const) {
    test(`whose manifest is ${what} is restorable, and what is the matter with it is said first`, async () => {
      const name = nextName();
      await forge(services, name, archive, manifest);
      await put(services, `${name}.manifest.json`, text);
      const verdict = await drill(settings, { backup: name });
      assert.deepEqual(verdict.reasons, []);
      assert.deepEqual([verdict.verdict, verdict.manifest], ['restorable', 'unreadable']);
      assert.deepEqual([exitOf(verdict), exitOf(verdict, { requireManifest: true })], [0, 1]);
      assert.match(verdict.notProven[0] ?? '', reason);
      assert.match(
        verdictText(verdict),
        /^RESTORABLE, CONTENT UNPROVEN: \S+ was restored\. Its manifest cannot be read/,
      );
      assert.ok(verdict.compared.includes('SHA-256 of the archive with its checksum file'));
      await nothingIsLeft();
    });
  }

  test('of a database whose name has 63 bytes, not all of them ASCII, is proven', async () => {
    const database = `${'ü'.repeat(31)}x`;
    await services.database(database, 'nasty');
    const of = services.with({ postgres: { database } });
    await takeBackup(of);
    const verdict = await drill(of);
    assert.deepEqual(verdict.reasons, []);
    assert.equal(verdict.verdict, 'proven');
    assert.match(verdict.testDatabase, /^ü{20}_restore_test_[0-9a-f]{8}$/);
    await nothingIsLeft();
    await services.sql(`DROP DATABASE "${database}"`);
  });

  for (const [format, flags] of [
    ['tar', ['-Ft']],
    ['SQL', ['-Fp']],
    ['gzip’d SQL', ['-Fp', '-Z6']],
  ] as const) {
    test(`in another format is restorable whatever its name says: ${format}`, async () => {
      const { bin } = await postgresPrograms();
      const file = join(services.folder, 'dump');
      await runOrFail(join(bin, 'pg_dump'), [...flags, '-f', file], { env: environmentOf(settings.postgres) });
      const name = nextName();
      await services.s3.fPutObject(settings.store.bucket, name, file);
      const verdict = await drill(settings, { backup: name });
      assert.deepEqual(verdict.reasons, []);
      assert.equal(
        verdict.rows,
        manifest.content.tables.reduce((sum, table) => sum + table.rows, 0),
      );
      await nothingIsLeft();
    });
  }
});
