/** What a page promises in its frontmatter, held against real runs in a real lab. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Lab } from '../../src/lab/lab.ts';
import { createSample } from '../../src/lab/sample/create.ts';
import { labUp } from '../../src/lab/up.ts';
import { silent } from '../../src/progress.ts';
import { rehearse } from '../../src/rehearsal/matrix.ts';
import { type LoadedPage, loadPages } from '../../src/rehearsal/pages.ts';
import { transcriptOf } from '../../src/rehearsal/record.ts';
import type { Rehearsal } from '../../src/rehearsal/result.ts';
import { reportText } from '../../src/report/text.ts';
import { FIXTURES, ROOT } from './support.ts';

const PAGES = ['promises-broken.mdx', 'promises-kept.mdx', 'repeats-and-fails.mdx', 'repeats-and-adds.mdx'];

describe('promises of a page', () => {
  let lab: Lab;
  let pages: LoadedPage[];
  let rehearsal: Rehearsal;
  const recordings: [path: string, cast: string][] = [];

  before(async () => {
    lab = await labUp({ report: silent });
    await createSample(lab, { rows: 10_000, report: silent });
    pages = await loadPages(
      ROOT,
      PAGES.map((page) => join(FIXTURES, page)),
    );
    rehearsal = await rehearse(pages, {
      lab,
      report: silent,
      limits: { timeout: 60_000 },
      onRecording: ({ path }, cast) => void recordings.push([path, cast]),
    });
  });
  after(() => lab?.down());

  const page = (name: string) => {
    const found = rehearsal.pages[PAGES.indexOf(name)];
    assert.ok(found && found.runs.length === 2, reportText(rehearsal));
    return found;
  };
  const findings = (name: string, lane: 'reader' | 'script') =>
    page(name)
      .runs.find((run) => run.lane === lane)
      ?.findings.map(({ line, column, rule, expected }) => `${line}:${column} ${rule}, expected ${expected}`);

  it('are broken at the key that makes them: the promised time, and figures of the text', () => {
    const figures = [
      '5:3 rto-exceeded, expected at most 1 s',
      '7:5 fact-differs, expected 3 tables',
      '8:5 fact-differs, expected under 20 bytes',
    ];
    assert.deepEqual(findings('promises-broken.mdx', 'reader'), [
      ...figures,
      '9:5 fact-differs, expected under 1 second',
    ]);
  });

  it('say nothing about a step’s time in the script lane, which nobody reads', () => {
    const rules = findings('promises-broken.mdx', 'script') ?? [];
    assert.equal(rules.length, 3);
    assert.ok(!rules.some((rule) => rule.startsWith('9:')));
  });

  it('are kept by a page that may be run twice', () => {
    assert.equal(page('promises-kept.mdx').verdict, 'passed', reportText(rehearsal));
  });

  it('are broken by a step that fails in its second run, at its own line', () => {
    for (const lane of ['reader', 'script'] as const) {
      assert.equal(findings('repeats-and-fails.mdx', lane)?.length, 1);
      const [finding] = page('repeats-and-fails.mdx').runs.find((run) => run.lane === lane)?.findings ?? [];
      assert.deepEqual([finding?.line, finding?.rule], [14, 'command-failed']);
      assert.match(finding?.reason ?? '', /second run/);
    }
  });

  it('are broken by a second run that ends differently, at the key', () => {
    for (const lane of ['reader', 'script'] as const)
      assert.deepEqual(findings('repeats-and-adds.mdx', lane), [
        '5:3 not-repeatable, expected the same databases with the same content as after the first run',
      ]);
  });

  it('stand beside what was measured, in the report and in the transcript', () => {
    const result = page('promises-kept.mdx');
    assert.match(reportText(rehearsal), /promised within 10 min 0 s; took at most \d+\.\d s/);
    const [, loaded] = pages;
    assert.ok(loaded);
    const transcript = transcriptOf(loaded, result, { lab, recordedAt: rehearsal.startedAt });
    assert.equal(transcript?.promised, 600);
  });

  it('are recorded once, in the reader’s first passage, without this machine’s folders', () => {
    const casts = recordings.filter(([path]) => path.endsWith('promises-kept.mdx')).map(([, cast]) => cast);
    assert.equal(casts.length, 1);
    assert.deepEqual(casts[0]?.match(/"m","\w+"/g), ['"m","note"'], 'one step, once');
    assert.match(casts[0] ?? '', /createdb/);
    assert.ok(!casts[0]?.includes(lab.folder));
  });
});
