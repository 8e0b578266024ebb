import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PARAMETER_KINDS } from '../../src/runbook/model.ts';
import { checkValue, KINDS, nameFits } from '../../src/runbook/parameters.ts';

const RIGHT = {
  database: ['freshtrack', '_a', 'a1_b', 'a'.repeat(54)],
  backup: ['freshtrack_2026-11-20_02-00-00.sql.gz', 'A', '1.dump'],
  table: ['sites', 'audit.events'],
  timestamp: ['2026-11-20T02:00:00Z', '2026-11-20T02:00:00.123456Z'],
} as const;
const WRONG = {
  database: ['', 'Fresh', '1a', 'a-b', 'a b', 'a;b', 'postgres', 'template0', 'template_x', 'a'.repeat(55), 'ä', "a'"],
  backup: ['', '.hidden', '-x', 'a/b', 'a..b', 'a b', '$(x)', 'a\nb', 'ä'],
  table: ['', 'a.b.c', 'A', '.a', 'a.', 'a b'],
  timestamp: [
    '',
    '2026-11-20',
    '2026-11-20 02:00:00Z',
    '2026-11-20T02:00:00',
    '2026-02-30T02:00:00Z',
    '2026-11-20T25:00:00Z',
  ],
} as const;

for (const kind of PARAMETER_KINDS) {
  test(`a ${kind} takes its right values`, () => {
    for (const value of RIGHT[kind]) assert.equal(checkValue(kind, value), undefined, value);
  });
  test(`a ${kind} refuses wrong values and says why`, () => {
    for (const value of WRONG[kind]) assert.match(checkValue(kind, value) ?? '', /\w{3}/, value);
  });
}

test('every kind has one schema, and a name with _restored after it still fits', () => {
  assert.deepEqual(Object.keys(KINDS).sort(), [...PARAMETER_KINDS].sort());
  assert.ok(nameFits(`${'a'.repeat(54)}_restored`));
  assert.ok(!nameFits(`${'a'.repeat(55)}_restored`));
  assert.ok(!nameFits('ä'.repeat(32)));
});
