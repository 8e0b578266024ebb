/** The whole matrix of one runbook, as tests: each scenario in each lane, and the transcript that the site shows. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { furnishedLab } from '../../src/lab/furnished.ts';
import { silent } from '../../src/progress.ts';
import { rehearse } from '../../src/rehearsal/matrix.ts';
import { type LoadedPage, loadPages } from '../../src/rehearsal/pages.ts';
import type { PageResult, Rehearsal } from '../../src/rehearsal/result.ts';
import { reportText } from '../../src/report/text.ts';
import { parseTranscript, rehearsedHash } from '../../src/runbook/transcript.ts';

/** The least that the sample can have: what breaks restores is in it all the same. */
const ROWS = 10_000;

export function testRunbook(name: string): void {
  test(`${name}: every scenario ends as the page says, pasted and by its scripts`, async (t) => {
    const [loaded] = await loadPages(process.cwd(), [name]);
    assert.ok(loaded);
    await using lab = await furnishedLab({ rows: ROWS, report: silent });
    const rehearsal = await rehearse([loaded], { lab, report: silent });
    const [result] = rehearsal.pages;
    assert.ok(result);
    assert.equal(result.runs.length, 2 * loaded.page.scenarios.length, reportText(rehearsal));
    for (const run of result.runs)
      await t.test(`${run.scenario}, ${run.lane} lane: ${run.ended}`, () => {
        assert.equal(run.verdict, 'passed', only(rehearsal, result, run));
      });
  });

  test(`${name}: the transcript on the site is of this very page`, async () => {
    const [loaded] = await loadPages(process.cwd(), [name]);
    assert.ok(loaded);
    assert.equal(stateOf(loaded), 'rehearsed', `record it anew: npx drillbook rehearse ${name} --record`);
  });
}

/** The report of one run alone. */
function only(rehearsal: Rehearsal, page: PageResult, run: PageResult['runs'][number]): string {
  return reportText({ ...rehearsal, pages: [{ ...page, runs: [run] }] });
}

/** Its age is not the tests' business: a page does not break by waiting. */
function stateOf({ page, file, scriptTexts }: LoadedPage): string {
  const path = join(dirname(file), 'transcript.json');
  if (!existsSync(path)) return 'there is no transcript';
  const { transcript, reason } = parseTranscript(readFileSync(path, 'utf8'));
  if (transcript === undefined) return reason;
  return transcript.hash === rehearsedHash(page, scriptTexts) ? 'rehearsed' : 'the page has changed since';
}
