/** The page of the alert BackupContainerDown, followed in both lanes with a backup service that is really down. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { LaneOptions } from '../../src/rehearsal/lanes/lane.ts';
import { performReader } from '../../src/rehearsal/lanes/reader.ts';
import { performScript } from '../../src/rehearsal/lanes/script.ts';
import { type LoadedPage, loadPages } from '../../src/rehearsal/pages.ts';
import type { RunResult } from '../../src/rehearsal/result.ts';
import { eventually, newStack, type Stack } from './support/stack.ts';
import { keepTranscript, runOf, versionsOf } from './support/transcript.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const LANES = [
  { lane: 'reader', perform: performReader },
  { lane: 'script', perform: performScript },
] as const;

/** How it came to be down, what the page's table says of it, and what its log must say. */
const DOWN: { state: string; bring(stack: Stack): Promise<unknown>; looks: RegExp; says: RegExp }[] = [
  {
    state: 'stopped',
    bring: (stack) => stack.compose('stop', 'backup'),
    looks: / Exited \(143\) /,
    says: /"event":"stopped"/,
  },
  {
    state: 'killed',
    bring: (stack) => stack.docker('kill', stack.containers.backup),
    looks: / Exited \(137\) /,
    says: /./,
  },
  {
    state: 'removed',
    bring: (stack) => stack.compose('rm', '--stop', '--force', 'backup'),
    looks: /^NAME +STATUS$/,
    says: /^$/,
  },
  {
    state: 'restarting because of a setting that was changed',
    async bring(stack) {
      await stack.composeWith({ BACKUP_SCHEDULE: 'every night' }, 'up', '--detach', 'backup');
      await eventually('it ended twice', async () => {
        const inspect = ['inspect', '--format', '{{.RestartCount}} {{.State.Status}}', stack.containers.backup];
        return /^([2-9]|\d\d+) restarting/.test((await stack.docker(...inspect)).stdout);
      });
    },
    // Or between two of its ends, as the page says too.
    looks: / (Restarting \(2\) |Up .*second.* \(health: starting\))/,
    says: /BACKUP_SCHEDULE/,
  },
];

describe('"The backup service is down"', () => {
  let stack: Stack;
  const recorded: RunResult[] = [];
  const home = mkdtempSync(join(tmpdir(), 'drillbook-host-'));
  before(async () => {
    stack = await newStack({ SAMPLE_ROWS: '10000' });
    const up = await stack.compose('up', '--detach', '--wait');
    assert.equal(up.status, 0, up.stderr);
    const taken = async () => /\.sql\.gz/.test((await stack.exec('drillbook', 'backups')).stdout);
    await eventually('there is a backup', taken);
  });
  after(async () => {
    await stack?.[Symbol.asyncDispose]();
    rmSync(home, { recursive: true });
  });

  for (const { state, bring, looks, says } of DOWN)
    for (const { lane, perform } of LANES)
      it(`brings back a service that is ${state}, in the ${lane} lane`, async () => {
        await bring(stack);
        const results = await perform(await options());
        for (const { id, flaw, output } of results)
          assert.equal(flaw, undefined, `${id}: ${flaw?.reason}; ${flaw?.received}\n${output}`);
        const output = (id: string) => results.find((result) => result.id === id)?.output ?? '';
        assert.match(output('look'), looks);
        assert.match(output('why'), says);
        const answer = await fetch(`http://127.0.0.1:${stack.ports.metrics}/healthz`);
        assert.equal(answer.status, 200);
        // The usual case is the one that the site shows.
        if (state === 'stopped') recorded.push(runOf(lane, results));
      });

  it('is what the transcript on the site says', async () => {
    keepTranscript(await page(), recorded, stack, await versionsOf(stack));
  });

  async function page(): Promise<LoadedPage> {
    const [loaded] = await loadPages(ROOT, ['backup-service-down']);
    assert.ok(loaded);
    assert.deepEqual(loaded.page.faults, []);
    return loaded;
  }

  async function options(): Promise<LaneOptions> {
    const loaded = await page();
    const host = { LANG: 'C.UTF-8', TZ: 'UTC', ...stack.env, HOME: home };
    return {
      page: loaded.page,
      pageFile: loaded.file,
      values: {},
      environment: {},
      folders: { toolbox: ROOT, host: ROOT },
      containers: {
        toolbox: { name: stack.containers.backup, client: stack.env, folder: '/restore', mark: stack.project },
        host,
        outside: host,
      },
      lab: 'compose',
      // Compose draws its progress anew many times a second.
      limits: { output: 50_000_000, timeout: 300_000 },
    };
  }
});
