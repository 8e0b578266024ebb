/** The schedule in containers, compressed: a backup a minute, two agents, and each due backup exists once and is proven. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { eventually, newStack } from './support/stack.ts';

const MINUTE = 60_000;
/** Due times that are looked at. */
const DUE = 3;

const Listed = z.array(z.looseObject({ name: z.string(), time: z.iso.datetime(), verdict: z.string().nullish() }));

describe('a backup that is due every minute', () => {
  it(`is taken by one of two agents and proven, ${DUE} times in a row`, async (t) => {
    await using stack = await newStack({
      BACKUP_SCHEDULE: '* * * * *',
      DRILL_AFTER_BACKUP: 'yes',
      SAMPLE_ROWS: '10000',
    });
    const up = await stack.compose('up', '--detach', '--wait');
    assert.equal(up.status, 0, up.stderr);
    const second = `${stack.project}-second`;
    const ran = await stack.compose('run', '--detach', '--no-deps', `--name=${second}`, 'backup');
    assert.equal(ran.status, 0, ran.stderr);
    const healthy = async () =>
      (await stack.docker('inspect', '--format', '{{.State.Health.Status}}', second)).stdout.trim() === 'healthy';
    await eventually('the second agent is healthy', healthy);

    const first = Math.ceil((Date.now() + 1_000) / MINUTE) * MINUTE;
    const due = Array.from({ length: DUE }, (_, index) => first + index * MINUTE);
    const backups = async () => {
      const { status, stdout, stderr } = await stack.exec('drillbook', 'backups', '--json');
      assert.equal(status, 0, stderr);
      return Listed.parse(JSON.parse(stdout));
    };
    /** Those that were taken after this due time and before the next. */
    const of = async (time: number) =>
      (await backups()).filter(({ time: taken }) => Math.floor(Date.parse(taken) / MINUTE) * MINUTE === time);
    for (const time of due)
      await eventually(`the backup that was due at ${new Date(time).toISOString()} is proven`, async () =>
        (await of(time)).some(({ verdict }) => verdict === 'proven'),
      );
    for (const time of due) assert.equal((await of(time)).length, 1, JSON.stringify(await backups(), undefined, 2));

    const log = async (name: string) => (await stack.docker('logs', name)).stdout;
    const took = (text: string) => text.split('\n').filter((line) => /"event":"backup-taken"/.test(line)).length;
    const [one, two] = await Promise.all([log(stack.containers.backup), log(second)]);
    t.diagnostic(`backups taken by the first agent: ${took(one)}, by the second: ${took(two)}`);
    assert.ok(took(one) + took(two) >= DUE);
  });
});
