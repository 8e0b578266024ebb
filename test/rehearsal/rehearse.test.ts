import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Lab } from '../../src/lab/lab.ts';
import { createSample } from '../../src/lab/sample/create.ts';
import { labUp } from '../../src/lab/up.ts';
import { connect } from '../../src/postgres/connection.ts';
import { silent } from '../../src/progress.ts';
import { rehearse } from '../../src/rehearsal/matrix.ts';
import { loadPages } from '../../src/rehearsal/pages.ts';
import { promotePage, withoutOutputs } from '../../src/rehearsal/promote.ts';
import { transcriptOf } from '../../src/rehearsal/record.ts';
import type { Finding, Rehearsal } from '../../src/rehearsal/result.ts';
import { FIXTURES, ROOT } from './support.ts';

const PATHS = 'test/fixtures/rehearsal';
const PAGES = [
  'plain/index.mdx',
  'wrong-output.mdx',
  'fails-in-the-middle.mdx',
  'false-success.mdx',
  'event-not-found.mdx',
  'waits-for-key.mdx',
  'closes-terminal.mdx',
  'nothing-stops.mdx',
  'wrong-end-state.mdx',
  'undeclared/index.mdx',
];

describe('a rehearsal in a real lab', () => {
  let lab: Lab;
  let rehearsal: Rehearsal;

  before(async () => {
    lab = await labUp({ report: silent });
    await createSample(lab, { rows: 10_000, report: silent });
    const pages = await loadPages(
      ROOT,
      PAGES.map((page) => join(FIXTURES, page)),
    );
    rehearsal = await rehearse(pages, { lab, report: silent, limits: { timeout: 60_000 } });
  });
  after(() => lab?.down());

  const page = (name: string) => {
    const found = rehearsal.pages.find(({ path }) => path === `${PATHS}/${name}`);
    assert.ok(found, `${name} was not rehearsed`);
    return found;
  };
  /** The one finding of a page in a lane, without its sentence and difference. */
  const finding = (name: string, lane: 'reader' | 'script' = 'reader') => {
    const run = page(name).runs.find((one) => one.lane === lane);
    assert.equal(run?.verdict, 'failed');
    const [first] = run.findings;
    assert.ok(first);
    const { path, line, column, rule, expected, received, again }: Finding = first;
    return { at: `${path}:${line}:${column}`, rule, expected, received, again };
  };
  const again = (name: string, lane = 'reader') =>
    `npx drillbook rehearse ${PATHS}/${name} --scenario intact --lane ${lane}`;

  it('passes a page that works, in both lanes, with the same outputs', () => {
    const { verdict, runs } = page('plain/index.mdx');
    assert.equal(verdict, 'passed', JSON.stringify(runs, null, 2));
    assert.deepEqual(
      runs.map(({ lane, ended, steps }) => [lane, ended, steps.map(({ output }) => output)]),
      [
        ['reader', 'done', ['written for freshtrack', 'for freshtrack']],
        ['script', 'done', ['written for freshtrack', 'for freshtrack']],
      ],
    );
  });

  it('finds a wrong output in both lanes, at its line', () => {
    const wrong = {
      at: `${PATHS}/wrong-output.mdx:22:1`,
      rule: 'output-differs',
      expected: 'rows: 41',
      received: 'rows: 40',
    };
    assert.deepEqual(finding('wrong-output.mdx'), { ...wrong, again: again('wrong-output.mdx') });
    assert.deepEqual(finding('wrong-output.mdx', 'script'), { ...wrong, again: again('wrong-output.mdx', 'script') });
  });

  it('finds a command that fails in the middle, at its own line', () => {
    const { at, rule, expected, received } = finding('fails-in-the-middle.mdx');
    assert.deepEqual([at, rule, expected], [`${PATHS}/fails-in-the-middle.mdx:17:1`, 'command-failed', 'status 0']);
    assert.match(received ?? '', /No such file/);
    assert.equal(finding('fails-in-the-middle.mdx', 'script').rule, 'command-failed');
  });

  it('finds a false success in both lanes', () => {
    for (const lane of ['reader', 'script'] as const) {
      const { at, rule, received } = finding('false-success.mdx', lane);
      assert.deepEqual([at, rule], [`${PATHS}/false-success.mdx:16:1`, 'false-success']);
      assert.match(received ?? '', /errors ignored on restore/);
    }
  });

  it('finds what only a terminal shows, in the reader’s lane alone', () => {
    const pager = finding('waits-for-key.mdx');
    assert.equal(pager.at, `${PATHS}/waits-for-key.mdx:16:1`);
    assert.equal(pager.rule, 'waits-for-key');
    assert.match(pager.received ?? '', /(less|more|pager) in front, reading the terminal/);
    assert.equal(page('waits-for-key.mdx').runs.find(({ lane }) => lane === 'script')?.verdict, 'passed');
  });

  it('does not run a page whose faults can be seen without running it', () => {
    const faults = ['event-not-found.mdx', 'closes-terminal.mdx'].map((name) => {
      const { runs, verdict, faults: found } = page(name);
      return [verdict, runs.length, ...found.map(({ line, column, rule }) => `${line}:${column} ${rule}`)];
    });
    assert.deepEqual(faults, [
      ['failed', 0, '17:15 history-expansion'],
      ['failed', 0, '17:1 shell-state'],
    ]);
  });

  it('finds that nothing stops the reader, at the scenario’s key', () => {
    assert.deepEqual(finding('nothing-stops.mdx'), {
      at: `${PATHS}/nothing-stops.mdx:9:5`,
      rule: 'scenario-did-not-stop',
      expected: 'stops at check',
      received: 'every step succeeded',
      again: again('nothing-stops.mdx'),
    });
  });

  it('finds a wrong end state, whatever the page prints', () => {
    for (const lane of ['reader', 'script'] as const) {
      const { at, again: command, expected, received } = finding('wrong-end-state.mdx', lane);
      assert.match(at, /wrong-end-state\.mdx:(15|21):/);
      assert.ok(expected && received);
      assert.equal(command, again('wrong-end-state.mdx', lane));
    }
  });

  it('finds a destruction that the step does not declare', () => {
    for (const lane of ['reader', 'script'] as const)
      assert.deepEqual(finding('undeclared/index.mdx', lane), {
        at: `${PATHS}/undeclared/index.mdx:21:9`,
        rule: 'destruction-undeclared',
        expected: 'nothing destroyed',
        received: 'database freshtrack_scratch is gone',
        again: again('undeclared/index.mdx', lane),
      });
  });

  it('leaves no database of its own on the server', async () => {
    await using client = await connect(lab.settings.postgres, { database: 'postgres' });
    const { rows } = await client.query<{ name: string }>(
      `SELECT datname AS name FROM pg_database WHERE datname NOT IN ('postgres', 'template0', 'template1', 'freshtrack')`,
    );
    assert.deepEqual(rows, []);
  });

  it('records a page that passed, without paths of this machine and without secrets', async () => {
    const [loaded] = await loadPages(ROOT, [join(FIXTURES, 'plain/index.mdx')]);
    assert.ok(loaded);
    const transcript = transcriptOf(loaded, page('plain/index.mdx'), { lab, recordedAt: rehearsal.startedAt });
    assert.deepEqual(
      transcript?.steps.map(({ id, output, destroys }) => ({ id, output, destroys })),
      [
        { id: 'write', output: 'written for freshtrack', destroys: [] },
        { id: 'read', output: 'for freshtrack', destroys: [] },
      ],
    );
    assert.equal(transcriptOf(loaded, page('wrong-output.mdx'), { lab, recordedAt: rehearsal.startedAt }), undefined);
    const text = JSON.stringify(transcript);
    assert.ok(!text.includes(lab.folder) && !text.includes(lab.settings.store.secretKey));
  });

  it('promotes what was printed, and nothing else of the page', async () => {
    const folder = mkdtempSync(join(lab.folder, 'work', 'promote-'));
    try {
      const file = join(folder, 'wrong-output.mdx');
      cpSync(join(FIXTURES, 'wrong-output.mdx'), file);
      const [loaded] = await loadPages(ROOT, [file]);
      assert.ok(loaded);
      const bare = await rehearse([withoutOutputs(loaded)], { lab, lanes: ['reader'], report: silent });
      const run = bare.pages[0]?.runs[0];
      assert.ok(run);
      assert.equal(promotePage(loaded, run), true);
      const original = readFileSync(join(FIXTURES, 'wrong-output.mdx'), 'utf8');
      assert.equal(readFileSync(file, 'utf8'), original.replace('rows: 41', 'rows: 40'));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('pages that cannot be run', () => {
  it('are reported with their faults, and nothing is started', async () => {
    const pages = await loadPages(ROOT, [join(FIXTURES, 'unlabelled.md')]);
    const rehearsal = await rehearse(pages, { lab: undefined, report: silent });
    const [result] = rehearsal.pages;
    assert.equal(rehearsal.verdict, 'failed');
    assert.deepEqual(result?.runs, []);
    assert.deepEqual(
      result?.faults.map(({ path, line, column, rule }) => [path, line, column, rule]),
      [[`${PATHS}/unlabelled.md`, 5, 1, 'block-unlabelled']],
    );
  });

  it('are refused by name when they are not there', async () => {
    await assert.rejects(loadPages(ROOT, ['runbooks/nowhere']), { code: 'page-missing' });
  });
});
