import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Manifest, manifestText, parseManifest } from '../../src/backup/manifest.ts';
import { takeBackup } from '../../src/backup/take.ts';
import { SINCE_SCHEMA_2 } from '../../src/postgres/content.ts';
import { drill } from '../../src/restore/drill.ts';
import { compareContent } from '../../src/restore/proof.ts';
import { prove } from '../../src/restore/prove.ts';
import type { Settings } from '../../src/settings.ts';
import { bytesOf, forge, load, manifestOf, put } from '../support/samples.ts';
import { type Services, startServices } from '../support/services.ts';

const FEW_HAVE = join(import.meta.dirname, '../fixtures/sql/few-have.sql');

let services: Services;
let settings: Settings;
let good: string;
let manifest: Manifest;

before(async () => {
  services = await startServices();
  await load(services, 'few', FEW_HAVE);
  settings = services.with({ postgres: { database: 'few' } });
  good = (await takeBackup(settings)).name;
  manifest = await manifestOf(services, good);
});
after(() => services[Symbol.asyncDispose]());

/** As a Drillbook wrote it that did not know these kinds. */
function ofSchema1(text: string): string {
  const old = JSON.parse(text);
  old.schema = 1;
  for (const kind of SINCE_SCHEMA_2) delete old.content.objects[kind];
  return manifestText(old);
}

test('a backup with foreign servers, text search, TOAST options and privileges on languages is proven', async () => {
  const verdict = await drill(settings, { backup: good });
  assert.deepEqual(verdict.reasons, []);
  assert.equal(verdict.verdict, 'proven');
  assert.ok(!verdict.notProven.join().includes('schema 1'));
});

test('a manifest holds no password of a user mapping, and no other secret among options', () => {
  const text = manifestText(manifest);
  assert.doesNotMatch(text, /Secret-1/);
  const states = (kind: 'user mapping' | 'foreign option') =>
    manifest.content.objects[kind].things.map(({ name, state }) => `${name}: ${state}`).join('\n');
  assert.match(states('user mapping'), /^freshtrack on archive: password, user, digest [0-9a-f]{64}$/m);
  assert.match(states('user mapping'), /^public on archive: no options$/m);
  assert.match(
    states('foreign option'),
    /^foreign server archive: .*api_key digest [0-9a-f]{64}, host 'a\.example\.org'$/m,
  );
});

describe('a backup that lacks one of them is disproved, and the drill says what', () => {
  const CASES: [what: string, sql: string, words: RegExp][] = [
    [
      'an option of a wrapper',
      "ALTER FOREIGN DATA WRAPPER elsewhere OPTIONS (SET debug 'false')",
      /^foreign option foreign data wrapper elsewhere: /,
    ],
    [
      'an option of a server',
      "ALTER SERVER archive OPTIONS (SET host 'b.example.org')",
      /^foreign option foreign server archive: .*b\.example\.org/,
    ],
    [
      'a secret option of a server',
      "ALTER SERVER archive OPTIONS (SET api_key 'other')",
      /^foreign option foreign server archive: .*digest/,
    ],
    ['the version of a server', "ALTER SERVER archive VERSION '2.0'", /^foreign option foreign server archive: .*2\.0/],
    [
      'an option of a foreign table',
      "ALTER FOREIGN TABLE far OPTIONS (SET path '/other')",
      /^foreign option foreign table public\.far: /,
    ],
    [
      'an option of a foreign column',
      'ALTER FOREIGN TABLE far ALTER note OPTIONS (DROP name)',
      /^foreign option foreign column public\.far\.note is missing$/,
    ],
    [
      'a password of a user mapping',
      "ALTER USER MAPPING FOR CURRENT_USER SERVER archive OPTIONS (SET password 'other')",
      /^user mapping freshtrack on archive: .*digest/,
    ],
    ['a user mapping', 'DROP USER MAPPING FOR PUBLIC SERVER archive', /^user mapping public on archive is missing$/],
    [
      'a dictionary of a text search configuration',
      'ALTER TEXT SEARCH CONFIGURATION site ALTER MAPPING FOR asciiword WITH english_stem',
      /^text search configuration public\.site for asciiword: /,
    ],
    [
      'a mapping',
      'ALTER TEXT SEARCH CONFIGURATION site DROP MAPPING FOR email',
      /^text search configuration public\.site for email is missing$/,
    ],
    [
      'an option of a dictionary',
      'ALTER TEXT SEARCH DICTIONARY words (ACCEPT = false)',
      /^text search dictionary public\.words: /,
    ],
    [
      'the schema of an extension',
      'ALTER EXTENSION hstore SET SCHEMA public',
      /^extension hstore is in schema public, in the backup in tools$/,
    ],
    [
      'a storage option of a TOAST table',
      'ALTER TABLE long_values RESET (toast.autovacuum_enabled)',
      /^toast option public\.long_values is missing$/,
    ],
    [
      'a privilege on a language',
      'REVOKE USAGE ON LANGUAGE plpgsql FROM few_speaker',
      /^privileges on language plpgsql: the archive does not grant USAGE to few_speaker$/,
    ],
    [
      'what PUBLIC may not do',
      'GRANT USAGE ON LANGUAGE plpgsql TO PUBLIC',
      /^privileges on language plpgsql: the archive leaves them to PUBLIC$/,
    ],
  ];
  for (const [i, [what, sql, words]] of CASES.entries()) {
    test(what, async () => {
      const database = await services.database(`few_${i}`, 'few');
      await services.sql(sql, database);
      const changed = services.with({ postgres: { database } });
      const { name } = await takeBackup(changed);
      await forge(services, name, await bytesOf(services, name), { ...manifest, database });
      const verdict = await drill(changed, { backup: name });
      assert.equal(verdict.verdict, 'disproved');
      assert.ok(
        verdict.reasons.some((reason) => words.test(reason)),
        verdict.reasons.join('\n'),
      );
      await services.sql(`DROP DATABASE ${database}`);
    });
  }
});

test('a manifest of schema 1 is still drilled and proven, and the verdict says what it does not state', async () => {
  const name = 'few_2020-01-01_00-00-00.sql.gz';
  await forge(services, name, await bytesOf(services, good), manifest);
  const beside = `${name}.manifest.json`;
  await put(services, beside, ofSchema1((await bytesOf(services, beside)).toString()));
  const verdict = await drill(settings, { backup: name });
  assert.deepEqual(verdict.reasons, []);
  assert.equal(verdict.verdict, 'proven');
  assert.match(verdict.notProven.join('\n'), /^options of foreign servers .* schema 1, which does not state them$/m);
  const proven = await prove(settings, { backup: name, database: 'few' });
  assert.equal(proven.verdict, 'equal');
  assert.match(proven.notCompared.join('\n'), /schema 1/);
});

test('a manifest of schema 1 that lacks a kind it must state is unreadable', () => {
  const old = JSON.parse(ofSchema1(manifestText(manifest)));
  delete old.content.objects.index;
  assert.throws(() => parseManifest(JSON.stringify(old)), {
    code: 'manifest-unreadable',
    message: /index: is missing/,
  });
});

test('options that somebody could not see are no difference, but a mapping that is gone is one', () => {
  const { content } = manifest;
  const withState = (state: string | undefined) => {
    const things = content.objects['user mapping'].things.flatMap((thing) =>
      thing.name.startsWith('public') ? [thing] : state === undefined ? [] : [{ ...thing, state }],
    );
    return {
      ...content,
      objects: { ...content.objects, 'user mapping': { count: things.length, digest: '', things } },
    };
  };
  assert.deepEqual(compareContent(content, withState('options hidden')), []);
  assert.deepEqual(compareContent(withState('options hidden'), content), []);
  assert.equal(compareContent(content, withState('no options')).length, 1);
  assert.equal(compareContent(content, withState(undefined)).length, 1);
});
