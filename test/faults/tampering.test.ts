/**
 * Somebody changes what an archive holds, and makes checksum and manifest agree with its bytes. Only what was restored can tell. Changes
 * that do not touch each other share one drill: each must be found and named, and nothing else may be said.
 */
import assert from 'node:assert/strict';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Manifest } from '../../src/backup/manifest.ts';
import { takeBackup } from '../../src/backup/take.ts';
import { environmentOf, quoteIdentifier } from '../../src/postgres/connection.ts';
import { postgresPrograms } from '../../src/postgres/programs.ts';
import { runOrFail } from '../../src/process.ts';
import { drill } from '../../src/restore/drill.ts';
import { exitOf } from '../../src/restore/text.ts';
import type { Verdict } from '../../src/restore/verdict.ts';
import { forge, load, manifestOf } from '../support/samples.ts';
import { type Services, startServices } from '../support/services.ts';

const SHOP = join(import.meta.dirname, '../fixtures/sql/shop.sql');

type Case = [what: string, sql: string, ...sentences: RegExp[]];

const GROUPS: { what: string; server?: 'own'; cases: Case[] }[] = [
  {
    what: 'rows and values',
    cases: [
      ['a row is gone', "DELETE FROM secrets WHERE what = ''", /^table public\.secrets: 2 rows, the backup holds 3$/],
      [
        'a row is new',
        "INSERT INTO visits VALUES ('2026-02-02', 'x')",
        /^table public\.visits_1: 30 rows, the backup holds 29$/,
      ],
      [
        'a row is there twice, another one gone',
        "UPDATE visits SET at = '2026-07-02', who = 'v31' WHERE who = 'v60'",
        /^table public\.visits_2: 31 rows as in the backup, but their content differs$/,
      ],
      [
        'NULL instead of an empty text',
        "UPDATE customers SET note = '' WHERE note IS NULL",
        /^table public\.customers: 50 rows as in the backup, but their content differs$/,
      ],
      [
        'the last bit of a number',
        'UPDATE readings SET temperature = 0.1::float8 + 1.3877787807814457e-17 WHERE at = 1',
        /^table public\.readings: 3 rows as in the backup, but their content differs$/,
      ],
      [
        'amounts of two rows changed places',
        'UPDATE orders SET amount = 3 - amount WHERE id IN (1, 2)',
        /^table public\.orders: 30 rows as in the backup, but their content differs$/,
      ],
    ],
  },
  {
    what: 'small things in rows',
    cases: [
      ['one element of an array', "UPDATE readings SET tags = '{a,null,b}' WHERE at = 1", /^table public\.readings: /],
      ['the sign of nothing', 'UPDATE readings SET temperature = 0.0 WHERE at = 3', /^table public\.readings: /],
      [
        'a second of a time',
        "UPDATE customers SET changed = changed + interval '1 microsecond' WHERE id = 9",
        /^table public\.customers: /,
      ],
      [
        'letters that compare as equal',
        'UPDATE customers SET email = upper(email::text) WHERE id = 3',
        /^table public\.customers: /,
      ],
      [
        'a row in another partition',
        "UPDATE visits SET at = '2026-12-31' WHERE who = 'v1'",
        /^table public\.visits_1: 28 rows/,
        /^table public\.visits_2: 32 rows/,
      ],
      ['all rows of a table', 'TRUNCATE secrets', /^table public\.secrets: 0 rows, the backup holds 3$/],
      [
        'a digit behind the point',
        "UPDATE stock.articles SET price = 7.01 WHERE code = 'A7'",
        /^table stock\.articles: /,
      ],
    ],
  },
  {
    what: 'tables and columns',
    cases: [
      ['a table is gone', 'DROP TABLE secrets', /^table public\.secrets is missing$/],
      [
        'a table is new',
        'CREATE TABLE stock.more (a int)',
        /^table stock\.more is not in the backup$/,
        /^column stock\.more\.a is not in the backup$/,
      ],
      [
        'a table is not logged',
        'ALTER TABLE readings SET UNLOGGED',
        /^table public\.readings: "table, unlogged", in the backup "table"$/,
      ],
      [
        'a column is gone',
        'ALTER TABLE readings DROP COLUMN doc',
        /^column public\.readings\.doc is missing$/,
        /^table public\.readings: 3 rows as/,
      ],
      [
        'a column is new',
        'ALTER TABLE visits ADD COLUMN extra int',
        /^column public\.visits(_[12])?\.extra is not in the backup$/,
        /^table public\.visits_[12]: .* rows as/,
      ],
      [
        'a column’s type',
        'ALTER TABLE readings ALTER at TYPE bigint',
        /^column public\.readings\.at: "bigint", in the backup "integer"$/,
      ],
      [
        'a longer text',
        'ALTER TABLE customers ALTER note TYPE varchar(50)',
        /^column public\.customers\.note: "character varying\(50\)/,
      ],
      [
        'NOT NULL is gone',
        'ALTER TABLE customers ALTER name DROP NOT NULL',
        /^column public\.customers\.name: "text", in the backup "text, not null"$/,
      ],
      [
        'an identity may be written',
        'ALTER TABLE customers ALTER id SET GENERATED BY DEFAULT',
        /^column public\.customers\.id: .*identity by default/,
      ],
      ['a storage option', 'ALTER TABLE orders SET (fillfactor = 50)', /^table public\.orders: .*fillfactor=50/],
      [
        'how a value is stored',
        'ALTER TABLE orders ALTER article SET STORAGE EXTERNAL',
        /^column public\.orders\.article: "text, storage e"/,
      ],
    ],
  },
  {
    what: 'defaults, types and sequences',
    cases: [
      [
        'a default',
        'ALTER TABLE stock.articles ALTER price SET DEFAULT 2.00',
        /^default stock\.articles\.price is defined differently: /,
      ],
      [
        'a default is gone',
        'ALTER TABLE customers ALTER size DROP DEFAULT',
        /^default public\.customers\.size is missing$/,
      ],
      [
        'a default is new',
        "ALTER TABLE customers ALTER note SET DEFAULT 'none'",
        /^default public\.customers\.note is not in the backup$/,
      ],
      [
        'a generated expression',
        'ALTER TABLE stock.articles DROP COLUMN gross; ALTER TABLE stock.articles ADD COLUMN gross numeric GENERATED ALWAYS AS (price * 1.2) STORED',
        /^default stock\.articles\.gross is defined differently: /,
        /^table stock\.articles: 30 rows as/,
      ],
      [
        'a value of an enum',
        "ALTER TYPE size ADD VALUE 'XL'",
        /^type public\.size: "enum 'S', 'M', 'L', 'XL'", in the backup "enum 'S', 'M', 'L'"$/,
      ],
      [
        'a domain’s limit',
        'ALTER DOMAIN percent DROP CONSTRAINT percent_check; ALTER DOMAIN percent ADD CONSTRAINT percent_check CHECK (VALUE BETWEEN 0 AND 1000)',
        /^constraint percent_check on domain (public\.)?percent is defined differently: /,
      ],
      ['a domain’s default', 'ALTER DOMAIN percent SET DEFAULT 50', /^type public\.percent: .*default 50/],
      [
        'an attribute of a type',
        'ALTER TYPE place ADD ATTRIBUTE room int CASCADE',
        /^column public\.place\.room is not in the backup$/,
        /^table public\.customers: 50 rows as/,
      ],
      ['a sequence’s step', 'ALTER SEQUENCE invoices INCREMENT 1', /^sequence public\.invoices: .*increment 1,/],
      [
        'a sequence’s position',
        "SELECT setval('orders_id_seq', 5)",
        /^sequence public\.orders_id_seq stands at 5, in the backup at 30$/,
      ],
      [
        'an identity’s position',
        "SELECT setval('customers_id_seq', 49)",
        /^sequence public\.customers_id_seq stands at 49, in the backup at 50$/,
      ],
      [
        'a sequence is used up by one',
        "SELECT nextval('unused')",
        /^sequence public\.unused stands at 1, in the backup at 1 \(not used yet\)$/,
      ],
      ['a sequence is new', 'CREATE SEQUENCE stock.later', /^sequence stock\.later is not in the backup$/],
    ],
  },
  {
    what: 'indexes and constraints',
    cases: [
      ['an index is gone', 'DROP INDEX by_name', /^index public\.by_name is missing$/],
      ['an index is new', 'CREATE INDEX extra ON secrets (what)', /^index public\.extra is not in the backup$/],
      [
        'an index’s condition',
        'DROP INDEX by_size; CREATE INDEX by_size ON customers (size) WHERE discount > 11',
        /^index public\.by_size is defined differently: /,
      ],
      [
        'an index is no longer unique',
        'DROP INDEX stock.articles_upper; CREATE INDEX articles_upper ON stock.articles (upper(code))',
        /^index stock\.articles_upper is defined differently: /,
      ],
      [
        'an index of a partition is gone',
        'DROP INDEX visits_who; CREATE INDEX visits_who ON ONLY visits (who); CREATE INDEX visits_1_who_idx ON visits_1 (who); ALTER INDEX visits_who ATTACH PARTITION visits_1_who_idx',
        /^index public\.visits_2_who_idx is missing$/,
        /^index public\.visits_who: .*not valid/,
      ],
      [
        'a check is gone',
        'ALTER TABLE customers DROP CONSTRAINT named',
        /^constraint named on public\.customers is missing$/,
      ],
      [
        'a check allows more',
        'ALTER TABLE orders DROP CONSTRAINT orders_amount_check; ALTER TABLE orders ADD CONSTRAINT orders_amount_check CHECK (amount >= 0)',
        /^constraint orders_amount_check on public\.orders is defined differently: /,
      ],
      [
        'a foreign key is gone',
        'ALTER TABLE orders DROP CONSTRAINT of_article',
        /^constraint of_article on public\.orders is missing$/,
      ],
      [
        'a foreign key no longer cascades',
        'ALTER TABLE orders DROP CONSTRAINT orders_customer_fkey; ALTER TABLE orders ADD CONSTRAINT orders_customer_fkey FOREIGN KEY (customer) REFERENCES customers NOT VALID',
        /^constraint orders_customer_fkey on public\.orders is defined differently: /,
        /^constraint orders_customer_fkey on public\.orders: .*not validated/,
      ],
      [
        'a unique key is gone',
        'ALTER TABLE customers DROP CONSTRAINT customers_email_key',
        /^constraint customers_email_key on public\.customers is missing$/,
        /^index public\.customers_email_key is missing$/,
      ],
      [
        'a check is new',
        'ALTER TABLE readings ADD CONSTRAINT few CHECK (at < 100)',
        /^constraint few on public\.readings is not in the backup$/,
      ],
    ],
  },
  {
    what: 'triggers, rules, policies and switches',
    cases: [
      ['a trigger is gone', 'DROP TRIGGER stamped ON customers', /^trigger stamped on public\.customers is missing$/],
      [
        'a trigger is awake',
        'ALTER TABLE customers ENABLE TRIGGER sleeping',
        /^trigger sleeping on public\.customers: "enabled", in the backup "disabled"$/,
      ],
      [
        'a trigger is new',
        'CREATE TRIGGER spy AFTER INSERT ON secrets FOR EACH ROW EXECUTE FUNCTION stamp()',
        /^trigger spy on public\.secrets is not in the backup$/,
      ],
      ['a rule is gone', 'DROP RULE keep ON orders', /^rule keep on public\.orders is missing$/],
      [
        'a rule is new',
        'CREATE RULE lose AS ON INSERT TO readings DO INSTEAD NOTHING',
        /^rule lose on public\.readings is not in the backup$/,
      ],
      ['a policy is gone', 'DROP POLICY positive ON orders', /^policy positive on public\.orders is missing$/],
      [
        'a policy shows all',
        'ALTER POLICY own ON orders USING (true)',
        /^policy own on public\.orders is defined differently: /,
      ],
      [
        'a policy is for everybody',
        'ALTER POLICY own ON orders TO PUBLIC',
        /^policy own on public\.orders: .*to public/,
      ],
      [
        'a policy is new',
        'CREATE POLICY everything ON orders USING (true)',
        /^policy everything on public\.orders is not in the backup$/,
      ],
      [
        'row security is off',
        'ALTER TABLE orders DISABLE ROW LEVEL SECURITY',
        /^table public\.orders: "table", in the backup "table, row security enabled"$/,
      ],
      [
        'row security is forced',
        'ALTER TABLE customers FORCE ROW LEVEL SECURITY',
        /^table public\.customers: "table, row security forced", in the backup "table"$/,
      ],
      ['an event trigger is off', 'ALTER EVENT TRIGGER watcher DISABLE', /^event trigger watcher: .*disabled/],
    ],
  },
  {
    what: 'views, functions and what else there is',
    cases: [
      [
        'a view’s condition',
        'CREATE OR REPLACE VIEW shielded WITH (security_barrier) AS SELECT id FROM customers WHERE discount > 4',
        /^view public\.shielded is defined differently: /,
      ],
      ['a view is gone', 'DROP VIEW buyers', /^view public\.buyers is missing$/],
      [
        'a view is new',
        'CREATE VIEW open AS SELECT what FROM secrets',
        /^view public\.open is not in the backup$/,
        /^column public\.open\.what is not in the backup$/,
      ],
      [
        'a view lost its shield',
        'ALTER VIEW shielded RESET (security_barrier)',
        /^view public\.shielded: "none", in the backup "security_barrier=true"$/,
      ],
      [
        'a materialised view is empty',
        'REFRESH MATERIALIZED VIEW sums WITH NO DATA',
        /^materialised view public\.sums: "not populated", in the backup "populated"$/,
      ],
      [
        'a function’s body',
        "CREATE OR REPLACE FUNCTION net(gross numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT gross / 1.09'",
        /^function public\.net\(gross numeric\) is defined differently: /,
      ],
      [
        'a function runs as its owner',
        'ALTER FUNCTION stamp() SECURITY DEFINER',
        /^function public\.stamp\(\) is defined differently: .*SECURITY DEFINER/,
      ],
      [
        'a procedure is gone',
        'DROP PROCEDURE tidy',
        /^function public\.tidy\(\) is missing$/,
        /^privileges on function public\.tidy\(\): /,
      ],
      [
        'a function is new',
        "CREATE FUNCTION back() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        /^function public\.back\(\) is not in the backup$/,
      ],
      [
        'an aggregate’s function',
        'DROP AGGREGATE longest(numeric); CREATE AGGREGATE longest(numeric) (sfunc = numeric_smaller, stype = numeric)',
        /^function public\.longest\(numeric\): .*numeric_smaller/,
      ],
      ['statistics are gone', 'DROP STATISTICS stock.prices', /^statistics stock\.prices is missing$/],
      ['a publication sends less', "ALTER PUBLICATION feed SET (publish = 'truncate')", /^publication feed: "truncate/],
      [
        'a byte of a large object',
        "SELECT lo_put(800001, 0, 'A')",
        /^large objects: 3 as in the backup, but their content differs$/,
      ],
      [
        'an extension is new',
        'CREATE EXTENSION pgcrypto',
        /^extension pgcrypto is not in the backup$/,
        /^comment extension pgcrypto is not in the backup$/,
      ],
    ],
  },
  {
    what: 'what lies deeper',
    cases: [
      [
        'a column of a publication',
        'ALTER PUBLICATION feed SET TABLE customers (id, name, email), stock.articles WHERE (price > 5)',
        /^publication feed is defined differently: .*email/,
      ],
      [
        'two large objects changed places',
        "SELECT lo_put(800001, 0, 'another one'), lo_truncate64(lo_open(800002, 131072), 0), lo_put(800002, 0, 'a picture')",
        /^large objects: 3 as in the backup, but their content differs$/,
      ],
      [
        'the bounds of a partition',
        "ALTER TABLE visits DETACH PARTITION visits_2; ALTER TABLE visits ATTACH PARTITION visits_2 FOR VALUES FROM ('2026-07-01') TO ('2028-01-01')",
        /^table public\.visits_2: .*2028-01-01/,
      ],
      [
        'a partition stands alone',
        'ALTER TABLE visits DETACH PARTITION visits_1',
        /^table public\.visits_1: "table", in the backup "table, partition FOR VALUES/,
        /^index public\.visits_1_who_idx: /,
      ],
      [
        'a comment',
        "COMMENT ON TABLE customers IS 'Nobody'",
        /^comment table public\.customers: "Nobody", in the backup "Who buys"$/,
      ],
      [
        'a comment is gone',
        'COMMENT ON COLUMN customers.note IS NULL',
        /^comment table column public\.customers\.note is missing$/,
      ],
      [
        'a comment is new',
        "COMMENT ON INDEX by_name IS 'slow'",
        /^comment index public\.by_name is not in the backup$/,
      ],
      [
        'a function of a trigger',
        "CREATE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; CREATE OR REPLACE TRIGGER stamped BEFORE UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION other()",
        /^trigger stamped on public\.customers is defined differently: /,
        /^function public\.other\(\) is not in the backup$/,
      ],
      ['a schema is new', 'CREATE SCHEMA hidden', /^schema hidden is not in the backup$/],
      [
        'a sequence belongs to another column',
        'ALTER SEQUENCE unused OWNED BY secrets.what',
        /^sequence public\.unused: .*owned by public\.secrets\.what/,
      ],
      [
        'replicas see all of a row',
        'ALTER TABLE secrets REPLICA IDENTITY FULL',
        /^table public\.secrets: "table, replica identity full"/,
      ],
    ],
  },
  {
    what: 'a condition of a publication',
    cases: [
      [
        'it sends other rows',
        'ALTER PUBLICATION feed SET TABLE customers (id, name), stock.articles WHERE (price > 50)',
        /^publication feed is defined differently: .*50/,
      ],
    ],
  },
  {
    what: 'an extension that is gone',
    cases: [
      [
        'an extension',
        'ALTER TABLE customers ALTER email TYPE text; DROP EXTENSION citext',
        /^extension citext is missing$/,
        /^comment extension citext is missing$/,
        /^column public\.customers\.email: "text", in the backup "(public\.)?citext"$/,
      ],
    ],
  },
  {
    what: 'owners and privileges, as the archive states them',
    cases: [
      [
        'an owner',
        'ALTER TABLE customers OWNER TO shop_reader',
        /^owner of table public\.customers: shop_owner, the archive states shop_reader$/,
        /^privileges on table public\.customers: the archive does not grant INSERT, SELECT to shop_reader$/,
      ],
      [
        'an owner of a function',
        'ALTER FUNCTION net(numeric) OWNER TO freshtrack',
        /^owner of function public\.net\((gross )?numeric\): shop_owner, the archive states freshtrack$/,
      ],
      [
        'a privilege is gone',
        'REVOKE USAGE ON SCHEMA stock FROM shop_reader',
        /^privileges on schema stock: the archive does not grant USAGE to shop_reader$/,
      ],
      [
        'a privilege of a column is gone',
        'REVOKE SELECT (id) ON orders FROM shop_reader',
        /^privileges on column public\.orders\.id: the archive does not grant SELECT to shop_reader$/,
      ],
      [
        'a privilege of a large object is gone',
        'REVOKE ALL ON LARGE OBJECT 800001 FROM shop_reader',
        /^privileges on large object 800001: /,
      ],
      [
        'everybody may call a procedure',
        'GRANT EXECUTE ON PROCEDURE tidy() TO PUBLIC',
        /^privileges on function public\.tidy\(\): the archive leaves them to PUBLIC$/,
      ],
      [
        'everybody may read a table',
        'GRANT SELECT ON secrets TO PUBLIC',
        /^privileges on table public\.secrets: the archive grants SELECT to PUBLIC, the backup did not$/,
      ],
      [
        'a role may do more',
        'GRANT ALL ON SEQUENCE invoices TO shop_reader',
        /^privileges on sequence public\.invoices: the archive grants ALL to shop_reader, the backup did not$/,
      ],
      [
        'a role may hand on what it may',
        'GRANT SELECT (id) ON orders TO shop_reader WITH GRANT OPTION; GRANT UPDATE (amount) ON orders TO shop_reader',
        /^privileges on column public\.orders\.(id|amount): the archive grants (SELECT\*|UPDATE) to shop_reader, the backup did not$/,
      ],
    ],
  },
  {
    what: 'owners, privileges and the database itself, in a server of its own',
    server: 'own',
    cases: [
      [
        'an owner',
        'ALTER VIEW buyers OWNER TO shop_owner',
        /^owner view public\.buyers: "shop_owner", in the backup "freshtrack"$/,
      ],
      [
        'a privilege',
        'GRANT SELECT ON secrets TO shop_reader',
        /^privilege table public\.secrets is not in the backup$/,
      ],
      ['a privilege is gone', 'REVOKE INSERT ON customers FROM shop_reader', /^privilege table public\.customers: /],
      [
        'default privileges',
        'ALTER DEFAULT PRIVILEGES IN SCHEMA stock GRANT INSERT ON TABLES TO shop_reader',
        /^default privilege .*stock.*: /,
      ],
      [
        'a setting of the database',
        "ALTER DATABASE @ SET work_mem = '7MB'",
        /^database setting work_mem=7MB is not in the backup$/,
      ],
      [
        'a setting of a role in it',
        'ALTER ROLE shop_reader IN DATABASE @ SET statement_timeout = 0',
        /^database setting statement_timeout=0 for shop_reader is not in the backup$/,
      ],
      ['a privilege on the database', 'GRANT CREATE ON DATABASE @ TO shop_reader', /^database: privileges is .*CREATE/],
      [
        'the comment of the database',
        "COMMENT ON DATABASE @ IS 'other'",
        /^database: comment is "other", in the backup "none"$/,
      ],
      [
        'the owner of the database',
        'ALTER DATABASE @ OWNER TO shop_owner',
        /^database: owner is "shop_owner"/,
        /^database: privileges is /,
      ],
    ],
  },
];

let services: Services;
let manifest: Manifest;
let made = 0;
const total = { cases: 0, 'false passes': 0, 'false failures': 0, 'wrong reasons': 0 };

before(async () => {
  services = await startServices();
  await load(services, 'shop', SHOP);
  const { name } = await takeBackup(services.with({ postgres: { database: 'shop' } }));
  manifest = await manifestOf(services, name);
});

after(() => services?.[Symbol.asyncDispose]());

/** The archive of a copy that was changed, with the manifest of how it was before, and all checksums right. */
async function drillChanged(sql: string, server: 'given' | 'own'): Promise<Verdict> {
  const database = await services.database(`shop_${++made}`, 'shop');
  await services.sql(sql.replaceAll('@', quoteIdentifier(database)), database);
  const { bin } = await postgresPrograms();
  const file = join(services.folder, 'changed');
  const env = environmentOf(services.settings.postgres, database);
  await runOrFail(join(bin, 'pg_dump'), ['-Fc', '-Z1', '-f', file], { env, timeout: 120_000 });
  const archive = await readAndRemove(file);
  const name = `${database}_2020-01-01_00-00-00.sql.gz`;
  await forge(services, name, archive, { ...manifest, database });
  await services.sql(`DROP DATABASE ${database}`);
  return drill(services.with({ postgres: { database } }), { backup: name, server });
}

async function readAndRemove(file: string): Promise<Buffer> {
  const content = await readFile(file);
  await rm(file);
  return content;
}

for (const server of ['given', 'own'] as const)
  test(`nothing was changed: it is proven, server ${server}`, async () => {
    const verdict = await drillChanged('SELECT 1', server);
    if (verdict.verdict !== 'proven') total['false failures']++;
    assert.deepEqual(verdict.reasons, []);
    assert.equal(verdict.verdict, 'proven');
  });

for (const { what: group, server = 'given', cases } of GROUPS)
  describe(`a change of ${group}`, () => {
    let verdict: Verdict;
    before(async () => {
      verdict = await drillChanged(cases.map(([, sql]) => sql).join(';\n'), server);
    });

    for (const [what, , ...sentences] of cases)
      test(`is disproved by name: ${what}`, () => {
        total.cases++;
        const said = verdict.differences.map(({ text }) => text);
        const missed = sentences.filter((sentence) => !said.some((text) => sentence.test(text)));
        if (verdict.verdict !== 'disproved' || missed.length === sentences.length) total['false passes']++;
        else if (missed.length > 0) total['wrong reasons']++;
        assert.equal(verdict.verdict, 'disproved');
        assert.equal(exitOf(verdict), 1);
        assert.deepEqual(missed, [], verdict.reasons.join('\n'));
      });

    test('and nothing else is said', () => {
      const sentences = cases.flatMap(([, , ...some]) => some);
      const others = verdict.differences.filter(({ text }) => !sentences.some((sentence) => sentence.test(text)));
      if (others.length > 0) total['wrong reasons']++;
      assert.deepEqual(others, []);
    });
  });

test('so many changes were tried, and nothing is left of them', async (t) => {
  const rows = await services.sql("SELECT datname FROM pg_database WHERE datname LIKE '%restore_test%'");
  t.diagnostic(JSON.stringify({ ...total, leftovers: rows.length }));
  assert.deepEqual(rows, []);
  assert.ok(total.cases >= 100, `${total.cases} cases`);
});
