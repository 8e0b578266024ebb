import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { prune } from '../../src/backup/retain.ts';
import { takeBackup } from '../../src/backup/take.ts';
import { Failure } from '../../src/failure.ts';
import { parseGlobals, restoreGlobals } from '../../src/restore/globals.ts';
import type { Settings } from '../../src/settings.ts';
import { objectsIn } from '../support/leftovers.ts';
import { bytesOf, put } from '../support/samples.ts';
import { type Services, startServices } from '../support/services.ts';

let services: Services;
let settings: Settings;
/** What must stand in no file: how the server keeps passwords, and the passwords themselves. */
let hashes: string[];
const HASH = /SCRAM-SHA-256|md5[0-9a-f]{32}|Secret/;

before(async () => {
  services = await startServices();
  await services.sql(`
    CREATE ROLE app LOGIN CREATEDB PASSWORD 'app-Secret';
    SET password_encryption = 'md5'; CREATE ROLE old LOGIN PASSWORD 'old-Secret'; RESET password_encryption;
    CREATE ROLE "Read ""only""" NOINHERIT; CREATE ROLE boss SUPERUSER LOGIN PASSWORD 'boss-Secret';
    GRANT "Read ""only""" TO app WITH ADMIN OPTION; GRANT app TO old; GRANT pg_read_all_data TO "Read ""only""";
    COMMENT ON ROLE app IS 'The application'`);
  const rows = await services.sql('SELECT rolpassword FROM pg_authid WHERE rolpassword IS NOT NULL');
  hashes = rows.map((row) => String(row.rolpassword));
  assert.equal(hashes.filter((hash) => hash.startsWith('md5')).length, 1);
  // Somebody wrote one where a comment is kept.
  await services.sql(`COMMENT ON ROLE old IS '${hashes.find((hash) => hash.startsWith('SCRAM'))}'`);
  await services.database('shop');
  await services.sql('ALTER DATABASE shop OWNER TO app');
  await services.sql('CREATE TABLE t AS SELECT 1 AS one; ALTER TABLE t OWNER TO app', 'shop');
  settings = services.with({ postgres: { database: 'shop' } });
});
after(async () => services?.[Symbol.asyncDispose]());

async function globalsOf(name: string): Promise<string> {
  return (await bytesOf(services, `${name}.globals.sql`)).toString();
}

function holdsNoSecret(sql: string): void {
  assert.doesNotMatch(sql, HASH);
  for (const hash of hashes) assert.ok(!sql.includes(hash));
}

describe('the roles beside a backup', () => {
  test('are those of pg_dumpall, without any password or hash, wherever it stands', async () => {
    const sql = await globalsOf((await takeBackup(settings)).name);
    assert.match(sql, /^-- Roles as pg_dumpall read them, without passwords\n/);
    holdsNoSecret(sql);
    const { roles, members } = parseGlobals(sql);
    assert.deepEqual(roles.map(({ name }) => name).sort(), ['Read "only"', 'app', 'boss', 'freshtrack', 'old']);
    assert.ok(members.some(({ group, member, admin }) => group === 'Read "only"' && member === 'app' && admin));
  });

  test('are what every role can read where pg_dumpall may not connect, and the file says so', async () => {
    await services.sql('REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC');
    const plain = services.with({ postgres: { database: 'shop', user: 'app', password: 'app-Secret' } });
    const sql = await globalsOf((await takeBackup(plain)).name);
    await services.sql('GRANT CONNECT ON DATABASE postgres, template1 TO PUBLIC');
    assert.match(
      sql,
      /^-- Roles as every user can read them, without passwords \(pg_dumpall could not: .*permission denied/,
    );
    holdsNoSecret(sql);
    const { roles, members } = parseGlobals(sql);
    assert.deepEqual(roles.map(({ name }) => name).sort(), ['Read "only"', 'app', 'boss', 'freshtrack', 'old']);
    assert.ok(roles.find(({ name }) => name === 'boss')?.attributes.includes('SUPERUSER'));
    assert.ok(members.some(({ group, member, admin }) => group === 'Read "only"' && member === 'app' && admin));
  });

  test('go with the backup when retention removes it', async () => {
    const name = 'shop_2020-01-01_00-00-00.sql.gz';
    const newest = (await takeBackup(settings)).name;
    await put(services, name, await bytesOf(services, newest));
    await put(services, `${name}.globals.sql`, await globalsOf(newest));
    await prune(settings);
    assert.deepEqual(
      (await objectsIn(services, settings.store.bucket)).filter((one) => one.startsWith(name)),
      [],
    );
  });
});

describe('restoring roles', () => {
  test('makes those that are missing, powerless, and never changes one that exists', async () => {
    const { name } = await takeBackup(settings);
    await services.sql(
      `DROP ROLE boss; REVOKE "Read ""only""" FROM app CASCADE; DROP ROLE "Read ""only"""; ALTER ROLE old NOLOGIN`,
    );
    const all =
      'SELECT rolname, rolsuper, rolcanlogin, rolinherit, rolcreatedb, rolpassword FROM pg_authid WHERE rolname ~ $$^(app|old|freshtrack)$$ ORDER BY 1';
    const before = await services.sql(all);
    const restored = await restoreGlobals(settings, { backup: name });
    assert.deepEqual(restored.made.sort(), ['Read "only"', 'boss']);
    assert.deepEqual(restored.present.sort(), ['app', 'freshtrack', 'old']);
    assert.deepEqual(restored.granted, ['pg_read_all_data to Read "only"']);
    assert.deepEqual(restored.withheld, [
      'boss: SUPERUSER, LOGIN, which only a person gives',
      'Read "only" to app: that role exists, and is never changed',
    ]);
    assert.deepEqual(await services.sql(all), before);
    assert.deepEqual(
      await services.sql(
        `SELECT rolname, rolsuper, rolcanlogin, rolinherit, rolpassword FROM pg_authid WHERE rolname IN ('boss', 'Read "only"') ORDER BY 1`,
      ),
      [
        { rolname: 'Read "only"', rolsuper: false, rolcanlogin: false, rolinherit: false, rolpassword: null },
        { rolname: 'boss', rolsuper: false, rolcanlogin: false, rolinherit: true, rolpassword: null },
      ],
    );
    assert.deepEqual((await restoreGlobals(settings, { backup: name })).made, []);
  });

  test('runs nothing of the file but what it understands', async () => {
    const { name } = await takeBackup(settings);
    const evil = `-- roles\nCREATE ROLE fine;\nCREATE ROLE x; DROP DATABASE shop;\nALTER ROLE app WITH SUPERUSER;\nCREATE ROLE "a""b"; --\nDROP TABLE t;\n`;
    await put(services, `${name}.globals.sql`, evil);
    assert.deepEqual((await restoreGlobals(settings, { backup: name })).made, ['fine']);
    const [app] = await services.sql("SELECT rolsuper FROM pg_roles WHERE rolname = 'app'");
    assert.equal(app?.rolsuper, false);
    assert.equal((await services.sql('SELECT FROM t', 'shop')).length, 1);
  });

  test('makes none at all when one of them cannot be made, and says which right is needed', async () => {
    const { name } = await takeBackup(settings);
    await put(services, `${name}.globals.sql`, '-- roles\nCREATE ROLE first;\nCREATE ROLE second;\n');
    const plain = services.with({ postgres: { database: 'shop', user: 'app', password: 'app-Secret' } });
    await assert.rejects(restoreGlobals(plain, { backup: name }), (error) => {
      assert.ok(error instanceof Failure && error.code === 'roles-refused');
      assert.match(error.hint, /CREATEROLE/);
      return true;
    });
    assert.deepEqual(await services.sql("SELECT FROM pg_roles WHERE rolname IN ('first', 'second')"), []);
  });
});
