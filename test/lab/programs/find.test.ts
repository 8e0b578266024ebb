import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { Failure } from '../../../src/failure.ts';
import { percent } from '../../../src/lab/programs/apt.ts';
import { provideChromium } from '../../../src/lab/programs/chromium.ts';
import { findGo, isNewEnough } from '../../../src/lab/programs/go.ts';
import { findMinioProgram, provideMinio } from '../../../src/lab/programs/minio.ts';
import { mayInstall } from '../../../src/lab/programs/permission.ts';
import { intoPlace } from '../../../src/lab/programs/unpack.ts';
import { firstServerPrograms } from '../../../src/postgres/programs.ts';
import { silent } from '../../../src/progress.ts';

const root = mkdtempSync(join(tmpdir(), 'drillbook-test-'));
after(() => rmSync(root, { recursive: true }));

let made = 0;
function folder(): string {
  made += 1;
  const path = join(root, String(made));
  mkdirSync(path);
  return path;
}

/** Programs that print something and know nothing else. */
function programs(texts: Record<string, string>, path = folder()): string {
  mkdirSync(path, { recursive: true });
  for (const [name, text] of Object.entries(texts)) {
    writeFileSync(join(path, name), `#!/bin/sh\necho '${text}'\n`);
    chmodSync(join(path, name), 0o755);
  }
  return path;
}

const postgres = (version: string) =>
  Object.fromEntries(
    ['initdb', 'postgres', 'psql', 'pg_dump', 'pg_restore'].map((name) => [name, `${name} (PostgreSQL) ${version}`]),
  );

test('PostgreSQL is taken from PATH before the system’s folders and the cache', async () => {
  const system = folder();
  programs(postgres('16.3'), join(system, '16', 'bin'));
  const path = programs(postgres('15.18'));
  assert.deepEqual(await firstServerPrograms({ PATH: path }, [join(system, '*/bin')]), { bin: path, version: '15.18' });
});

test('of the system’s versions the newest is taken, by number and not by letter', async () => {
  const system = folder();
  for (const version of ['9.6.24', '15.18', '17.2']) programs(postgres(version), join(system, version, 'bin'));
  assert.equal((await firstServerPrograms({ PATH: '' }, [join(system, '*/bin')]))?.version, '17.2');
});

test('a PATH with clients only is passed over', async () => {
  const { psql = '', pg_dump = '' } = postgres('16.1');
  const path = programs({ psql, pg_dump });
  assert.equal(await firstServerPrograms({ PATH: path, XDG_CACHE_HOME: folder() }, []), undefined);
});

test('Debian’s wrapper is passed over, because it chooses a version by clusters that are not ours', async () => {
  const path = programs(postgres('15.1'));
  rmSync(join(path, 'psql'));
  symlinkSync(join(programs({ pg_wrapper: 'psql (PostgreSQL) 15.1' }), 'pg_wrapper'), join(path, 'psql'));
  assert.equal(await firstServerPrograms({ PATH: path, XDG_CACHE_HOME: folder() }, []), undefined);
});

test('what an earlier run unpacked is found in the cache, launchers before the programs they start', async () => {
  const cache = folder();
  const place = join(cache, 'drillbook', 'postgresql', 'packages');
  programs(postgres('17.1'), join(place, 'all/usr/lib/postgresql/17/bin'));
  programs(postgres('17.1'), join(place, 'bin'));
  const found = await firstServerPrograms({ PATH: '', XDG_CACHE_HOME: cache }, []);
  assert.equal(found?.bin, join(place, 'bin'));
});

test('Midnight Commander is not taken for MinIO’s mc', async () => {
  const midnight = programs({ mc: 'GNU Midnight Commander 4.8.29' });
  const real = programs({ mc: 'mc version RELEASE.2025-03-12T17-29-24Z (commit-id=abc)' });
  const env = { PATH: `${midnight}:${real}`, XDG_CACHE_HOME: folder() };
  assert.deepEqual(await findMinioProgram('mc', env), {
    file: join(real, 'mc'),
    version: 'RELEASE.2025-03-12T17-29-24Z',
  });
  assert.equal(await findMinioProgram('mc', { ...env, PATH: midnight }), undefined);
});

test('MinIO is found in the cache, below XDG_CACHE_HOME or else the home folder', async () => {
  const text = 'minio version RELEASE.2025-09-07T16-13-09Z (commit-id=abc)';
  const home = folder();
  programs({ minio: text }, join(home, '.cache', 'drillbook', 'bin'));
  assert.equal((await findMinioProgram('minio', { PATH: '', HOME: home }))?.version, 'RELEASE.2025-09-07T16-13-09Z');
  assert.equal(await findMinioProgram('minio', { PATH: '', HOME: home, XDG_CACHE_HOME: folder() }), undefined);
});

test('Go is taken when it is new enough to fetch a newer one', async () => {
  const env = { PATH: programs({ go: 'go version go1.19.8 linux/amd64' }), XDG_CACHE_HOME: folder() };
  assert.equal(await findGo(env, '/nowhere'), undefined);
  const path = programs({ go: 'go version go1.26.8 linux/amd64' });
  assert.equal(await findGo({ ...env, PATH: `${env.PATH}:${path}` }, '/nowhere'), join(path, 'go'));
  const versions = ['go1.20.1', 'go1.21', 'go1.100.2', 'go2.0', 'gccgo'];
  assert.deepEqual(versions.map(isNewEnough), [false, true, true, true, false]);
});

test('nothing is installed where that is not allowed, or a word is not understood', async () => {
  const env = { ...process.env, DRILLBOOK_INSTALL: 'never' };
  assert.equal(await mayInstall(['x'], { env, report: silent }), false);
  const without = { PATH: folder(), DRILLBOOK_INSTALL: 'yes' };
  assert.equal(await mayInstall(['x'], { env: without, report: silent }), false);
  await assert.rejects(
    mayInstall(['x'], { env: { ...env, DRILLBOOK_INSTALL: 'maybe' }, report: silent }),
    (error) => error instanceof Failure && error.code === 'settings-invalid' && error.message.includes('"maybe"'),
  );
});

test('what cannot be provided is said in one sentence, with every way to provide it', async () => {
  const env = { PATH: dirname(process.execPath), XDG_CACHE_HOME: folder(), DRILLBOOK_INSTALL: 'never' };
  await assert.rejects(
    provideChromium({ env: { ...env, PATH: folder() }, report: silent }),
    (error) => error instanceof Failure && error.code === 'program-missing' && /DRILLBOOK_INSTALL=yes/.test(error.hint),
  );
  // Where Go lies in its usual folder MinIO can be built, which takes minutes and is tried by hand.
  if ((await findGo({ ...env, PATH: '' })) === undefined)
    await assert.rejects(
      provideMinio({ env: { ...env, PATH: folder() }, report: silent }),
      (error) => error instanceof Failure && error.code === 'program-missing' && /pip/.test(error.hint),
    );
});

test('what is unpacked appears whole or not at all', async () => {
  const place = join(folder(), 'cache', 'thing');
  const broken = intoPlace(place, async (into) => {
    writeFileSync(join(into, 'half'), '');
    throw new Error('no space');
  });
  await assert.rejects(broken, /no space/);
  assert.deepEqual(readdirSync(dirname(place)), []);
  await intoPlace(place, async (into) => writeFileSync(join(into, 'whole'), ''));
  assert.deepEqual(readdirSync(dirname(place)), ['thing']);
  assert.ok(existsSync(join(place, 'whole')));
});

test('what a killed run left long ago is removed, and what another run is making is not', async () => {
  const place = join(folder(), 'thing');
  const [old, young] = ['.unpacking-old', '.unpacking-young'].map((name) => join(dirname(place), name));
  for (const path of [old ?? '', young ?? '']) mkdirSync(path);
  utimesSync(old ?? '', 0, 0);
  await intoPlace(place, async () => {});
  assert.deepEqual(readdirSync(dirname(place)), ['.unpacking-young', 'thing']);
});

test('of two that unpack at once the first keeps the place', async () => {
  const place = join(folder(), 'thing');
  await intoPlace(place, async (into) => {
    writeFileSync(join(into, 'late'), '');
    await intoPlace(place, async (other) => writeFileSync(join(other, 'early'), ''));
  });
  assert.deepEqual(readdirSync(place), ['early']);
});

test('apt-get’s progress is understood', () => {
  assert.equal(percent('pmstatus:libpq5:41.6667:Preparing libpq5 (amd64)'), 41.6667);
  assert.equal(percent('dlstatus:3:20.5:Retrieving file 3 of 9'), 20.5);
  assert.equal(percent('Get:1 trixie/main libpq5'), undefined);
});
