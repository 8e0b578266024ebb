import assert from 'node:assert/strict';
import { chmodSync, globSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { run, stream } from '../../src/process.ts';
import { ROOT } from '../rehearsal/support.ts';

const CLI = join(ROOT, 'src/cli/drillbook.ts');
const FIXTURES = 'test/fixtures/rehearsal';

function drillbook(args: string[], env: Record<string, string> = {}) {
  const { DRILLBOOK_LAB: _, ...ours } = process.env;
  return run(process.execPath, [CLI, 'rehearse', ...args], { cwd: ROOT, env: { ...ours, ...env }, timeout: 120_000 });
}

describe('drillbook rehearse', () => {
  it('ends with 1 and the place of every fault where a page is wrong in itself, without a lab', async () => {
    const { status, stdout, stderr } = await drillbook([`${FIXTURES}/unlabelled.md`]);
    assert.equal(status, 1);
    assert.match(stdout, /^test\/fixtures\/rehearsal\/unlabelled\.md:5:1 .*\(block-unlabelled\)$/m);
    assert.match(stdout, /not run: the page has errors/);
    assert.doesNotMatch(stderr, /Starting/);
  });

  it('refuses flags it does not know, and names the nearest', async () => {
    for (const flag of ['--watch', '--mutants', '--lanes']) {
      const { status, stderr } = await drillbook([flag]);
      assert.equal(status, 2, flag);
      assert.match(stderr, /\[flag-unknown\]/);
    }
  });

  it('refuses a scenario, lane, lab or report that does not exist, before anything is started', async () => {
    const wrong: [string[], RegExp][] = [
      [['--scenario', 'intakt'], /did you mean "intact"/],
      [['--lane', 'robot'], /there are reader and script/],
      [['--lab', 'moon'], /there is no lab "moon"/],
      [['--report', 'tap'], /there is no report "tap"/],
      [['nowhere'], /There is no page nowhere/],
    ];
    for (const [args, reason] of wrong) {
      const { status, stderr } = await drillbook(args);
      assert.equal(status, 2, args.join(' '));
      assert.match(stderr, reason);
    }
  });

  it('refuses a scenario that no page names, and says why it is excluded: nothing run is no success', async () => {
    const { status, stderr } = await drillbook(['restore-in-place', '--scenario', 'stale-backup']);
    assert.equal(status, 2);
    assert.match(stderr, /stale-backup is excluded: a person chose this backup/);
  });

  it('ends with 3 where it cannot be decided', async () => {
    const { status, stderr } = await drillbook([`${FIXTURES}/plain`], { DRILLBOOK_LAB: join(tmpdir(), 'no-such-lab') });
    assert.equal(status, 3);
    assert.match(stderr, /\[lab-missing\]/);
  });

  it('removes its lab when it is interrupted in the middle of a page', async () => {
    // Labs are made below TMPDIR; the server's own user must be able to enter it.
    const folder = mkdtempSync(join(tmpdir(), 'drillbook-cli-'));
    chmodSync(folder, 0o711);
    try {
      const { DRILLBOOK_LAB: _, ...ours } = process.env;
      const running = await stream(process.execPath, [CLI, 'rehearse', 'drill', '--lane', 'reader'], {
        cwd: ROOT,
        env: { ...ours, TMPDIR: folder },
        timeout: 120_000,
      });
      running.stdout.resume();
      await until(() => globSync('*/work/intact-*/toolbox', { cwd: folder }).length > 0);
      process.kill(running.pid, 'SIGINT');
      const { status, stderr } = await running.ended;
      assert.equal(status, 130, stderr);
      assert.deepEqual(readdirSync(folder), []);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

/** Looks until it is so; the program's own time limit ends the wait otherwise. */
async function until(isSo: () => boolean): Promise<void> {
  const deadline = Date.now() + 100_000;
  while (!isSo()) {
    assert.ok(Date.now() < deadline, 'it never came to that');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
