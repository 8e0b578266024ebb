import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aheadOf, type Plan, whatIsDue } from '../../src/agent/due.ts';
import { schedule } from '../../src/agent/schedule.ts';
import type { Backup } from '../../src/backup/catalogue.ts';
import { backupName, drillName } from '../../src/backup/name.ts';
import type { VerdictWord } from '../../src/backup/verdict.ts';

const daily: Plan = {
  backup: schedule('0 2 * * *', 'UTC'),
  drill: schedule('0 4 * * 0', 'UTC'),
  drillAfterBackup: false,
};

function backup(time: string, drill?: { at: string; verdict: VerdictWord }): Backup {
  const name = backupName('x', new Date(time));
  const facts = { name, time: new Date(time), size: 1, checksum: true, manifest: true, globals: true };
  if (drill === undefined) return { ...facts, drills: [] };
  const record = { schema: 1 as const, verdict: drill.verdict, endedAt: drill.at, seconds: 1 };
  return { ...facts, drills: [drillName(name, new Date(drill.at))], drill: record };
}

/** As `backup schedule, drill first`. */
function due(now: string, backups: Backup[], plan = daily): string {
  return whatIsDue(plan, backups, new Date(now))
    .map(({ what, why }) => `${what} ${why}`)
    .join(', ');
}

const MONDAY = '2025-06-02T02:00:00Z';
const proven = (at: string) => ({ at, verdict: 'proven' as const });

test('an empty bucket asks for a first backup, and nothing else', () => {
  assert.equal(due('2025-06-02T12:00:00Z', []), 'backup first');
});

test('a backup is due when the newest is older than the last due time', () => {
  const one = [backup(MONDAY, proven('2025-06-02T02:01:00Z'))];
  assert.equal(due('2025-06-03T01:59:59Z', one), '');
  assert.equal(due('2025-06-03T02:00:00Z', one), 'backup schedule');
  assert.equal(due('2025-06-07T12:00:00Z', one), 'backup schedule');
});

test('one taken by hand within the day counts for the time before it, not for the one after', () => {
  const byHand = [backup('2025-06-02T23:00:00Z', proven('2025-06-02T23:01:00Z'))];
  assert.equal(due('2025-06-03T01:00:00Z', byHand), '');
  assert.equal(due('2025-06-03T02:00:00Z', byHand), 'backup schedule');
});

test('the first backup is drilled at once, and so is each until one is proven', () => {
  assert.equal(due('2025-06-02T02:05:00Z', [backup(MONDAY)]), 'drill first');
  const disproved = backup('2025-06-01T02:00:00Z', { at: '2025-06-01T05:00:00Z', verdict: 'disproved' });
  assert.equal(due('2025-06-02T02:05:00Z', [backup(MONDAY), disproved]), 'drill first');
  const good = backup('2025-06-01T02:00:00Z', proven('2025-06-01T05:00:00Z'));
  assert.equal(due('2025-06-02T02:05:00Z', [backup(MONDAY), good]), '');
});

test('each backup is drilled where that is asked for', () => {
  const good = backup('2025-06-01T02:00:00Z', proven('2025-06-01T05:00:00Z'));
  assert.equal(
    due('2025-06-02T02:05:00Z', [backup(MONDAY), good], { ...daily, drillAfterBackup: true }),
    'drill after backup',
  );
});

test('a scheduled drill is due once, whoever makes it', () => {
  const saturday = backup('2025-06-08T02:00:00Z');
  const good = backup('2025-06-02T02:00:00Z', proven('2025-06-02T02:10:00Z'));
  assert.equal(due('2025-06-08T03:59:00Z', [saturday, good]), '');
  assert.equal(due('2025-06-08T04:00:00Z', [saturday, good]), 'drill schedule');
  const byHand = backup('2025-06-08T02:00:00Z', proven('2025-06-08T04:00:30Z'));
  assert.equal(due('2025-06-08T04:01:00Z', [byHand, good]), '');
  assert.equal(due('2025-06-08T04:01:00Z', [saturday, good], { ...daily, drill: undefined }), '');
});

test('a name an hour ahead is that of a fast clock; further ahead it is wrong', () => {
  const now = new Date('2025-06-02T12:00:00Z');
  const [soon, far] = [backup('2025-06-02T12:59:00Z'), backup('2025-06-02T13:01:00Z')];
  assert.deepEqual(aheadOf([soon, far], now), [far.name]);
});
