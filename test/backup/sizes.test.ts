import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Backup } from '../../src/backup/catalogue.ts';
import { suspiciouslySmall } from '../../src/backup/sizes.ts';

/** Newest first. */
function sized(...sizes: number[]): Backup[] {
  return sizes.map((size, i) => ({
    name: `backup ${i}`,
    time: new Date(-i),
    size,
    checksum: true,
    manifest: true,
    globals: true,
    drills: [],
  }));
}

test('the newest is suspicious below the given part of the median of the earlier ones', () => {
  assert.deepEqual(suspiciouslySmall(sized(49, 90, 100, 5_000), 50), {
    name: 'backup 0',
    size: 49,
    median: 100,
    earlier: 3,
  });
  assert.equal(suspiciouslySmall(sized(50, 90, 100, 5_000), 50), undefined);
  assert.equal(suspiciouslySmall(sized(89, 90, 100, 110), 90)?.size, 89);
  assert.equal(suspiciouslySmall(sized(49, 90, 110), 50)?.median, 100);
});

test('nothing is suspicious without an earlier one, nor at 0 percent', () => {
  assert.equal(suspiciouslySmall(sized(), 50), undefined);
  assert.equal(suspiciouslySmall(sized(1), 50), undefined);
  assert.equal(suspiciouslySmall(sized(1, 1_000), 0), undefined);
});

test('empty and disproved ones are none to compare with', () => {
  assert.equal(suspiciouslySmall(sized(40, 0, 0, 0, 100), 50)?.median, 100);
  const [newest, bad, ...good] = sized(40, 1_000, 60, 60);
  assert.ok(newest && bad);
  const disproved = { ...bad, drill: { schema: 1 as const, verdict: 'disproved' as const, endedAt: '', seconds: 1 } };
  assert.equal(suspiciouslySmall([newest, disproved, ...good], 50), undefined);
});

test('a database that shrank on purpose stops being suspicious once most of the last thirty are small', () => {
  const shrunk = (small: number) => suspiciouslySmall(sized(...Array(small).fill(10), ...Array(40).fill(100)), 50);
  assert.equal(shrunk(10)?.median, 100);
  assert.equal(shrunk(20), undefined);
});
