import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Content, KINDS, type Thing, withSequencesUntil } from '../../src/postgres/content.ts';
import { keyOf } from '../../src/postgres/reprint.ts';
import { compareContent, extensionRemarks, firstOfEachKind } from '../../src/restore/proof.ts';

const none = { count: 0, digest: '', things: [] };

function content(
  change: Partial<Content> = {},
  things: Partial<Record<(typeof KINDS)[number], Thing[]>> = {},
): Content {
  const objects = Object.fromEntries(
    KINDS.map((kind) => [kind, { ...none, things: things[kind] ?? [] }]),
  ) as Content['objects']; // every kind is there, which fromEntries cannot say
  return {
    database: {
      name: 'a',
      owner: 'o',
      encoding: 'UTF8',
      collate: 'C',
      ctype: 'C',
      provider: 'libc',
      locale: null,
      settings: [],
      privileges: 'none',
      comment: null,
      bytes: 1,
    },
    tables: [],
    sequences: [],
    largeObjects: { count: 0, hash: '0' },
    extensions: [],
    roles: [],
    objects,
    ...change,
  };
}

const texts = (...args: Parameters<typeof compareContent>) => compareContent(...args).map(({ text }) => text);

describe('comparing content', () => {
  test('equal content has no difference, whatever the database is called and how large it is', () => {
    const other = content();
    assert.deepEqual(compareContent(content(), { ...other, database: { ...other.database, name: 'b', bytes: 9 } }), []);
  });

  test('says how many rows there are and how many there should be', () => {
    const table = (rows: number) =>
      content({ tables: [{ schema: 'public', name: 'users', rows, hash: String(rows) }] });
    assert.deepEqual(texts(table(6000), table(4103)), ['table public.users: 4,103 rows, the backup holds 6,000']);
  });

  test('rows that moved between partitions of one table are all there', () => {
    const parts = (a: number, b: number, hash = '10') =>
      content({
        tables: [
          { schema: 'public', name: 'p1', rows: a, hash, root: 'public.p' },
          { schema: 'public', name: 'p2', rows: b, hash: '20', root: 'public.p' },
        ],
      });
    const moved = parts(6, 4, '10');
    assert.deepEqual(texts(parts(5, 5), moved), []);
    assert.equal(texts(parts(5, 5), parts(6, 4, '11')).length, 2);
  });

  test('a definition that the server prints in another way is no difference', () => {
    const view = (definition: string) => content({}, { view: [{ name: 'public.v', definition }] });
    assert.deepEqual(texts(view('SELECT a'), view('SELECT b')), [
      'view public.v is defined differently: "SELECT b", in the backup "SELECT a"',
    ]);
    const printed = new Map([[keyOf('view', 'public.v'), 'SELECT b']]);
    assert.deepEqual(texts(view('SELECT a'), view('SELECT b'), { printed }), []);
    assert.equal(texts(view('SELECT a'), view('SELECT c'), { printed }).length, 1);
  });

  test('what belongs to a missing table is not said once more', () => {
    const expected = content(
      {},
      {
        table: [{ name: 'public.t', definition: '' }],
        column: [{ name: 'public.t.a', definition: '' }],
        index: [{ name: 'public.t_a', definition: 'x', on: 'public.t' }],
        comment: [{ name: 'table public.t', definition: '', state: 'x' }],
      },
    );
    assert.deepEqual(texts(expected, content()), ['table public.t is missing']);
  });

  test('an index that was never valid is not in a dump', () => {
    const broken = content({}, { index: [{ name: 'public.i', definition: 'CREATE INDEX i', state: 'not valid' }] });
    assert.deepEqual(texts(broken, content()), []);
  });

  test('a sequence may stand anywhere between its positions before and after the dump', () => {
    const at = (last: string, called = true) => content({ sequences: [{ schema: 'public', name: 's', last, called }] });
    const expected = withSequencesUntil(at('10'), at('20').sequences);
    for (const last of ['10', '15', '20']) assert.deepEqual(texts(expected, at(last)), []);
    assert.deepEqual(texts(expected, at('21')), ['sequence public.s stands at 21, in the backup at 10 to 20']);
    assert.equal(texts(expected, at('9')).length, 1);
    assert.deepEqual(texts(at('1', false), at('1')), [
      'sequence public.s stands at 1, in the backup at 1 (not used yet)',
    ]);
    assert.equal(withSequencesUntil(at('10'), at('10').sequences).sequences[0]?.until, undefined);
  });

  test('a schema public that the backup dropped is no difference: every new database has one', () => {
    assert.deepEqual(texts(content(), content({}, { schema: [{ name: 'public', definition: '' }] })), []);
  });

  test('settings of the database are compared, unless they are left out', () => {
    const set = content();
    const expected = { ...set, database: { ...set.database, settings: [{ role: 'app', setting: 'work_mem=1MB' }] } };
    assert.deepEqual(texts(expected, content()), ['database setting work_mem=1MB for app is missing']);
    assert.deepEqual(texts(expected, content(), { without: new Set(['database']) }), []);
  });

  test('an extension of another version is a remark, a missing one a difference', () => {
    const having = (version: string) => content({ extensions: [{ name: 'hstore', schema: 'public', version }] });
    assert.deepEqual(texts(having('1.7'), having('1.8')), []);
    assert.deepEqual(extensionRemarks(having('1.7'), having('1.8')), [
      'extension hstore is 1.8 here, 1.7 in the backup',
    ]);
    assert.deepEqual(texts(having('1.7'), content()), ['extension hstore is missing']);
  });

  test('the first ten of each kind are said, and how many more there are', () => {
    const many = Array.from({ length: 1013 }, (_, i) => ({
      kind: 'index' as const,
      name: String(i),
      text: `index ${i}`,
    }));
    const lines = firstOfEachKind([...many, { kind: 'view', name: 'v', text: 'view v is missing' }]);
    assert.equal(lines.length, 12);
    assert.deepEqual(lines.slice(-2), ['1,003 more differences of kind "index"', 'view v is missing']);
  });
});
