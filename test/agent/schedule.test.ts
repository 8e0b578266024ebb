import assert from 'node:assert/strict';
import { test } from 'node:test';
import { schedule } from '../../src/agent/schedule.ts';

const MINUTE = 60_000;

test('a due time counts from its very instant on', () => {
  const daily = schedule('0 2 * * *', 'UTC');
  const at = (time: string) => daily.last(new Date(time))?.toISOString();
  assert.equal(at('2025-06-03T01:59:59.999Z'), '2025-06-02T02:00:00.000Z');
  assert.equal(at('2025-06-03T02:00:00.000Z'), '2025-06-03T02:00:00.000Z');
  assert.equal(at('2025-06-03T02:00:00.004Z'), '2025-06-03T02:00:00.000Z');
  assert.equal(daily.next(new Date('2025-06-03T02:00:00.000Z'))?.toISOString(), '2025-06-04T02:00:00.000Z');
});

for (const [pattern, zone, from] of [
  ['0 2 * * *', 'Europe/Berlin', '2025-03-28T00:00:00Z'],
  ['30 2 * * *', 'Europe/Berlin', '2025-03-28T00:00:00Z'],
  ['30 2 * * *', 'Europe/Berlin', '2025-10-24T00:00:00Z'],
  ['0 2,14 * * *', 'Europe/Berlin', '2025-03-28T00:00:00Z'],
  ['*/30 * * * *', 'Europe/Berlin', '2025-10-24T00:00:00Z'],
  ['30 1 * * *', 'Australia/Lord_Howe', '2025-04-04T00:00:00Z'],
  ['0 0 * * *', 'America/Sao_Paulo', '2018-11-02T00:00:00Z'],
] as const)
  test(`looking back and looking ahead name the same times: ${pattern} in ${zone} around ${from.slice(0, 10)}`, () => {
    const both = schedule(pattern, zone);
    const begin = Date.parse(from);
    const ahead: string[] = [];
    for (let now = new Date(begin), end = begin + 4 * 86_400_000; ; ) {
      const next = both.next(now);
      if (next === undefined || next.getTime() > end) break;
      ahead.push(next.toISOString());
      now = next;
    }
    const back = new Set<string>();
    for (let now = begin; now <= begin + 4 * 86_400_000; now += 15 * MINUTE) {
      const last = both.last(new Date(now));
      if (last !== undefined && last.getTime() > begin) back.add(last.toISOString());
    }
    assert.deepEqual([...back], ahead);
    assert.ok(ahead.length >= 4);
  });

test('a fixed time that does not exist is due after the gap, and one that comes twice is due once', () => {
  const nightly = schedule('30 2 * * *', 'Europe/Berlin');
  const next = (time: string) => nightly.next(new Date(time))?.toISOString();
  assert.equal(next('2025-03-29T12:00:00Z'), '2025-03-30T01:00:00.000Z');
  assert.equal(next('2025-10-25T12:00:00Z'), '2025-10-26T00:30:00.000Z');
  assert.equal(next('2025-10-26T00:30:00Z'), '2025-10-27T01:30:00.000Z');
});
