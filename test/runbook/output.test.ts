import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { clean } from '../../src/runbook/clean.ts';
import { falseSuccess } from '../../src/runbook/false-success.ts';
import { compareOutput } from '../../src/runbook/output.ts';

const same = (expected: string, actual: string, values = {}) => compareOutput(expected, actual, values).same;

test('colours, titles and status queries are no part of what was seen', () => {
  assert.deepEqual(clean('\x1b[1;32mok\x1b[0m \x1b]0;title\x07\x1b]133;D;0\x1b\\\x1b[6n\x1b(Bend'), ['ok end']);
});

test('a sequence that was cut off at the end is removed too', () => {
  for (const cut of ['\x1b', '\x1b[', '\x1b[12;', '\x1b]0;tit']) assert.deepEqual(clean(`ok${cut}`), ['ok']);
});

test('a line redrawn with carriage returns counts as its last state', () => {
  assert.deepEqual(clean('10 %\r50 %\r100 %\r\ndone\r\n'), ['100 %', 'done']);
  assert.deepEqual(clean('a long line\rshort\x1b[K\n'), ['short']);
  assert.deepEqual(clean('abc\rX\n'), ['Xbc']);
});

test('progress of several lines counts as its last state', () => {
  assert.deepEqual(clean('one …\ntwo …\n\x1b[2A\x1b[2Kone done\n\x1b[2Ktwo done\n'), ['one done', 'two done']);
});

test('trailing blanks and empty last lines are ignored', () => {
  assert.ok(same('a\n\nb', 'a  \n\t\nb\n\n\n'));
  assert.ok(!same('a\nb', 'a\n\nb'));
});

test('NOTICE lines are not compared', () => {
  assert.ok(same('DROP', 'NOTICE:  database "x" does not exist, skipping\nDROP\n'));
  assert.ok(same('DROP', 'psql:<stdin>:3: NOTICE:  skipping\nDROP\n'));
});

test('… alone on a line stands for any number of lines, also none', () => {
  for (const actual of ['a\nz', 'a\nb\nz', 'a\nb\nc\nz', 'a\nz\nz']) assert.ok(same('a\n…\nz', actual), actual);
  for (const actual of ['a', 'z', 'a\nz\nb', '']) assert.ok(!same('a\n…\nz', actual), actual);
  assert.ok(same('…\nz\n…', 'z'));
});

test('… within a line stands for any text, also none, and the rest is taken literally', () => {
  assert.ok(same('a.b (…) [x]', 'a.b () [x]'));
  assert.ok(same('a.b (…) [x]', 'a.b (1 + 2) [x]'));
  assert.ok(!same('a.b (…) [x]', 'aXb (1) [x]'));
});

test('…>0 is a number above zero', () => {
  for (const number of ['1', '12', '4,103', '0.5', '10', '007']) assert.ok(same('…>0 rows', `${number} rows`), number);
  for (const number of ['0', '00', '0.0', '0,000', '', 'x', '-1'])
    assert.ok(!same('…>0 rows', `${number} rows`), number);
});

test('…s is a duration', () => {
  for (const time of ['3s', '0.4 s', '12 ms', '1 min 4 s', '2m 3s', '00:01:02', '1:02', '3 seconds'])
    assert.ok(same('in …s.', `in ${time}.`), time);
  for (const time of ['', '3', 'soon', '3 rows']) assert.ok(!same('in …s.', `in ${time}.`), time);
});

test('…date is a day, with or without a time', () => {
  for (const date of [
    '2026-11-20',
    '2026-11-20 02:00:00',
    '2026-11-20T02:00:00Z',
    '2026-11-20 02:00:00.123+00',
    '2026-11-20 02:00 UTC',
  ])
    assert.ok(same('[…date] x', `[${date}] x`), date);
  for (const date of ['', '2026-13-20', '2026-11-32', '20.11.2026', 'today'])
    assert.ok(!same('[…date] x', `[${date}] x`), date);
});

test('a parameter in an output is its value', () => {
  const values = { BACKUP: 'shop (1).gz', DATABASE: 'shop' };
  assert.ok(same('$BACKUP: OK\n${DATABASE}_old', 'shop (1).gz: OK\nshop_old', values));
  assert.ok(!same('$BACKUP: OK', 'other.gz: OK', values));
});

test('a difference names the first line that differs, what was expected and what came', () => {
  assert.deepEqual(compareOutput('a\n…\n$X rows\nz', 'a\nb\nc\n4 rows\nz', { X: '5' }), {
    same: false,
    line: 3,
    expected: '$X rows',
    received: 'b',
    difference: '  a\n  …\n- $X rows\n  z',
  });
  const missing = compareOutput('a\nb\nc', 'a\nc');
  assert.ok(!missing.same);
  assert.deepEqual([missing.line, missing.received, missing.difference], [2, 'c', '  a\n- b\n  c']);
  const more = compareOutput('a', 'a\nb');
  assert.ok(!more.same);
  assert.deepEqual([more.line, more.expected, more.received], [2, 'nothing more', 'b']);
});

test('a blank line before an elision that stands for nothing may be the last on the screen', () => {
  assert.ok(same('a\n\n…', 'a\n\n'));
  assert.ok(same('a\n\n…', 'a'));
  assert.ok(!same('a\n\nb', 'a'));
  assert.ok(!same('a\n\n…', 'a\nb'));
});

test('every output matches itself, and matches once any of its lines are elided', () => {
  const line = fc.stringMatching(/^[a-z .*+?()[\]{}|\\/$^:-]{0,12}$/).filter((text) => !/\$[a-z{]/.test(text));
  fc.assert(
    fc.property(
      fc.array(line, { maxLength: 8 }),
      fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
      (lines, elide) => {
        assert.ok(same(lines.join('\n'), lines.join('\r\n')));
        assert.ok(same(lines.map((text, index) => (elide[index] ? '…' : text)).join('\n'), lines.join('\n')));
      },
    ),
  );
});

test('ten thousand lines with many elisions are compared', () => {
  const lines = Array.from({ length: 10_000 }, (_, index) => `line ${index % 7}`);
  assert.ok(same('…\nline 3\n…\nline 5\n…\nline 1\n…', lines.join('\n')));
  assert.ok(!same('…\nline 3\n…\nline 8\n…', lines.join('\n')));
});

for (const [line, wrong] of [
  ['ERROR:  relation "x" does not exist', true],
  ['psql: error: connection to server failed', true],
  ['FATAL:  role "x" does not exist', true],
  ['PANIC:  could not write', true],
  ['error: no such backup', true],
  ['mc: <ERROR> Unable to stat', true],
  ['pg_restore: warning: errors ignored on restore: 3', true],
  ['gzip: x: not in gzip format', true],
  ['bash: pg_restor: command not found', true],
  ['bash: !now: event not found', true],
  ['cat: x: No such file or directory', true],
  ['\x1b[31mERROR\x1b[0m: in colour', true],
  ['0 errors', false],
  ['errors: none', false],
  ['terror', false],
] as const)
  test(`${wrong ? 'failure' : 'no failure'} is read from the line ${JSON.stringify(line)}`, () => {
    assert.equal(falseSuccess(`fine\n${line}\n`).length, wrong ? 1 : 0);
  });
