/**
 * Services that refuse, hang, break off, ask for a pause for ever or die in the middle of a backup and of a drill: that says nothing about
 * a backup (undecided, exit 3, the service is named), nothing is left behind, and the next run works.
 */
import assert from 'node:assert/strict';
import { mkdir, readdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { takeBackup } from '../../src/backup/take.ts';
import { Failure } from '../../src/failure.ts';
import type { Report } from '../../src/progress.ts';
import { drill } from '../../src/restore/drill.ts';
import type { Settings } from '../../src/settings.ts';
import { type Asked, type Fault, faultyStore } from '../support/http-faults.ts';
import { childPrograms, objectsIn, uploadedParts } from '../support/leftovers.ts';
import { cuttingProxy } from '../support/proxy.ts';
import { freePort, type Services, startServices, until } from '../support/services.ts';

let services: Services;
let settings: Settings;
let scratch: string;
/** The time goes on by a minute with each backup. */
let minute = 0;
const total = { cases: 0, 'false passes': 0, 'false failures': 0, 'wrong reasons': 0 };
const temporary = process.env.TMPDIR;

before(async () => {
  services = await startServices();
  scratch = join(services.folder, 'tmp');
  await mkdir(scratch);
  process.env.TMPDIR = scratch;
  await services.database('shop');
  await services.sql(
    `CREATE TABLE items (id int PRIMARY KEY, what text);
     INSERT INTO items SELECT i, (SELECT string_agg(md5(random()::text), '') FROM generate_series(1, 20) WHERE i > 0) FROM generate_series(1, 6000) AS i;
     CREATE INDEX items_what ON items (what)`,
    'shop',
  );
  settings = services.with({ postgres: { database: 'shop' } });
  await take(settings);
});

after(async () => {
  if (temporary === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = temporary;
  await services?.[Symbol.asyncDispose]();
});

const now = () => new Date(Date.now() + ++minute * 60_000);
const take = (chosen: Settings, report?: Report) => takeBackup(chosen, { now, ...(report && { report }) });
const WORKS = {
  backup: (chosen: Settings, report?: Report) => take(chosen, report),
  drill: (chosen: Settings, report?: Report) => drill(chosen, report && { report }),
};
type Work = keyof typeof WORKS;

async function archives(): Promise<string[]> {
  return (await objectsIn(services, settings.store.bucket)).filter(
    (name) => /\.sql\.gz$/.test(name) && !name.includes('/'),
  );
}

/** It cannot be decided, for this reason. */
async function undecided(
  work: Work,
  chosen: Settings,
  code: RegExp,
  { report, again }: { report?: Report; again?: () => Promise<void> } = {},
): Promise<void> {
  total.cases++;
  const before = await archives();
  const outcome = await WORKS[work](chosen, report).then(
    (result) => ({ result }),
    (error: unknown) => ({ error }),
  );
  await again?.();
  if ('result' in outcome) {
    const word = 'verdict' in outcome.result ? outcome.result.verdict : 'complete';
    total[word === 'disproved' ? 'false failures' : 'false passes']++;
    assert.fail(`${word}: ${JSON.stringify(outcome.result).slice(0, 2000)}`);
  }
  const { error } = outcome;
  assert.ok(error instanceof Failure, error instanceof Error ? error.stack : String(error));
  if (!code.test(error.code)) total['wrong reasons']++;
  assert.equal(error.exit, 3);
  assert.match(error.code, code, `${error.message} ${error.hint}`);
  await until(
    () =>
      services.sql('SELECT 1').then(
        () => true,
        () => false,
      ),
    'PostgreSQL answers',
  );
  await until(() => services.s3.bucketExists(settings.store.bucket).catch(() => false), 'MinIO answers');
  assert.deepEqual(await archives(), before);
}

/** What is left when nobody can be asked goes with the next run. */
async function nextRunWorks(): Promise<void> {
  await take(settings);
  const { verdict, reasons } = await drill(settings);
  assert.deepEqual(reasons, []);
  assert.equal(verdict, 'proven');
  await nothingIsLeft();
}

async function nothingIsLeft(): Promise<void> {
  assert.deepEqual(await services.sql("SELECT datname FROM pg_database WHERE datname LIKE '%restore_test%'"), []);
  assert.deepEqual(await readdir(scratch), []);
  await until(async () => (await childPrograms(services)).length === 0, 'programs have ended');
}

describe('a store', () => {
  for (const work of ['backup', 'drill'] as const) {
    test(`that refuses leaves a ${work} undecided`, async () => {
      const endpoint = new URL(`http://127.0.0.1:${await freePort()}`);
      await undecided(work, { ...settings, store: { ...settings.store, endpoint } }, /^store-unreachable$/);
      await nothingIsLeft();
    });
  }

  const is = (method: string, path: RegExp) => (asked: Asked) => asked.method === method && path.test(asked.path);
  const STEPS: [work: Work, what: string, when: (asked: Asked) => boolean][] = [
    ['backup', 'is asked what there is', is('GET', /list-type=2/)],
    ['backup', 'gets the claim', is('PUT', /\/taking\//)],
    ['backup', 'begins an upload', is('POST', /\?uploads/)],
    ['backup', 'gets a part', is('PUT', /partNumber=/)],
    ['backup', 'gets the checksum', is('PUT', /\.sha256$/)],
    ['backup', 'gets the manifest', is('PUT', /\.manifest\.json$/)],
    ['backup', 'completes the upload', is('POST', /uploadId=/)],
    ['drill', 'is asked what there is', is('GET', /list-type=2/)],
    ['drill', 'gives the manifest', is('GET', /\.manifest\.json$/)],
    ['drill', 'gives the archive', is('GET', /\.sql\.gz$/)],
    ['drill', 'gives the checksum', is('GET', /\.sha256$/)],
    ['drill', 'gets the verdict', is('PUT', /\.drill\./)],
  ];
  const FAULTS: [what: string, fault: Fault][] = [
    ['answers 503', 503],
    ['says nothing', 'hang'],
    ['breaks off', { cut: 0 }],
  ];
  for (const [work, when, asked] of STEPS)
    for (const [what, fault] of FAULTS) {
      // Each takes as long as all repeats together: one of each kind is enough.
      if (fault === 503 && !/part$|completes|archive$|verdict$/.test(when)) continue;
      // Other answers have no body that could break off.
      if (what === 'breaks off' && (work === 'backup' || when === 'gets the verdict')) continue;
      test(`that ${what} for ever when it ${when} leaves a ${work} undecided, and nothing in it`, async () => {
        await using store = await faultyStore(settings.store.endpoint, (one) => (asked(one) ? fault : undefined));
        const before = await objectsIn(services, settings.store.bucket);
        const chosen = { ...settings, store: { ...settings.store, endpoint: store.endpoint, timeout: 1 } };
        await undecided(work, chosen, /^store-unreachable$/);
        // Whether a claim was taken that got no answer, nobody knows here: a day later it goes.
        const others = (names: string[]) => names.filter((name) => !name.startsWith('.drillbook/taking/'));
        assert.deepEqual(others(await objectsIn(services, settings.store.bucket)), others(before));
        await nothingIsLeft();
      });
    }

  test('that lets every connection break off after some bytes leaves a drill undecided', async () => {
    const { hostname: host, port } = settings.store.endpoint;
    for (const bytes of [0, 100, 2_000, 20_000]) {
      await using proxy = await cuttingProxy({ host, port: Number(port) }, bytes, Number.POSITIVE_INFINITY);
      const endpoint = new URL(`http://127.0.0.1:${proxy.port}`);
      await undecided(
        'drill',
        { ...settings, store: { ...settings.store, endpoint, timeout: 2 } },
        /^store-unreachable$/,
      );
      await nothingIsLeft();
    }
  });
  test('works again', nextRunWorks);
});

describe('a database server', () => {
  for (const work of ['backup', 'drill'] as const) {
    test(`that refuses leaves a ${work} undecided`, async () => {
      const port = await freePort();
      await undecided(work, { ...settings, postgres: { ...settings.postgres, port } }, /^postgres-unreachable$/);
      await nothingIsLeft();
    });
    test(`that says nothing leaves a ${work} undecided`, async () => {
      const silent = createServer(() => {});
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
      const address = silent.address();
      assert.ok(address !== null && typeof address === 'object');
      try {
        await undecided(
          work,
          { ...settings, postgres: { ...settings.postgres, port: address.port } },
          /^postgres-unreachable$/,
        );
      } finally {
        silent.close();
      }
      await nothingIsLeft();
    });
    for (const bytes of [0, 300, 4_000, 30_000, 300_000])
      test(`whose connections all break off after ${bytes} bytes leaves a ${work} undecided`, async (t) => {
        const { host, port } = settings.postgres;
        await using proxy = await cuttingProxy({ host, port }, bytes, Number.POSITIVE_INFINITY);
        const chosen = { ...settings, postgres: { ...settings.postgres, port: proxy.port } };
        // So little comes back from a restore that it may live.
        if (work === 'drill' && bytes > 4_000) {
          const { verdict } = await drill(chosen).catch((error: unknown) => {
            assert.ok(error instanceof Failure && error.exit === 3, String(error));
            return { verdict: 'undecided' };
          });
          assert.notEqual(verdict, 'disproved');
          return t.diagnostic(verdict);
        }
        await undecided(
          work,
          chosen,
          /^(postgres-unreachable|dump-failed|restore-failed|test-database-failed|content-unreadable|test-database-left)$/,
        );
      });
  }
  test('works again, and what was left is removed', nextRunWorks);
});

describe('killed in the middle', () => {
  const STAGES: Record<Work, string[]> = {
    backup: ['Connecting', 'Dumping'],
    drill: ['Finding', 'Downloading', 'Making', 'Restoring', 'Comparing', 'Removing'],
  };
  for (const which of ['postgres', 'minio'] as const)
    for (const work of ['backup', 'drill'] as const)
      for (const stage of STAGES[work])
        test(`${which} at "${stage}": the ${work} is undecided, and the next one works`, async () => {
          let ending: Promise<void> | undefined;
          const report: Report = (event) => {
            if (event.kind === 'stage' && event.title.startsWith(stage))
              ending ??= services[which].stop(which === 'postgres' ? 'SIGQUIT' : 'SIGKILL');
          };
          const again = async () => {
            await ending;
            await services[which].start();
          };
          const code =
            which === 'minio'
              ? /^store-unreachable$/
              : /^(postgres-unreachable|dump-failed|restore-failed|test-database-failed|content-unreadable|test-database-left)$/;
          const chosen = { ...settings, store: { ...settings.store, timeout: 5 } };
          await undecided(work, chosen, code, { report, again });
          await nextRunWorks();
        });
});

test('so many faults were tried, and nothing is left of them', async (t) => {
  const { name } = await takeBackup(settings, { now: () => new Date(Date.now() + 48 * 3_600_000) });
  assert.equal((await drill(settings, { backup: name })).verdict, 'proven');
  const left = (await objectsIn(services, settings.store.bucket)).filter((object) =>
    object.startsWith('.drillbook/taking/'),
  );
  assert.deepEqual(left, []);
  assert.deepEqual(await uploadedParts(services), []);
  await nothingIsLeft();
  t.diagnostic(JSON.stringify({ ...total, leftovers: 0 }));
});
