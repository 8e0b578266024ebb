import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Rehearsal } from '../../src/rehearsal/result.ts';
import { githubReport } from '../../src/report/github.ts';
import { junitReport } from '../../src/report/junit.ts';
import { parseReports, writeReports } from '../../src/report/reports.ts';
import { reportText } from '../../src/report/text.ts';

const rehearsal: Rehearsal = {
  startedAt: '2026-11-23T02:00:00.000Z',
  seconds: 65.2,
  verdict: 'failed',
  pages: [
    {
      path: 'runbooks/drill/index.mdx',
      runbook: 'drill',
      title: 'Drill the newest backup',
      verdict: 'failed',
      faults: [],
      illustrative: 1,
      seconds: 3,
      runs: [
        {
          scenario: 'intact',
          lane: 'reader',
          lab: 'local',
          expected: { kind: 'done' },
          verdict: 'failed',
          ended: 'stopped at list',
          seconds: 2.5,
          values: {},
          steps: [],
          findings: [
            {
              path: 'runbooks/drill/index.mdx',
              line: 12,
              column: 3,
              rule: 'output-differs',
              severity: 'error',
              reason: 'step "list" prints <other> things & more',
              expected: '1 row, 100 %',
              received: '\u001b2 rows',
              difference: '- 1 row\n+ 2 rows',
              again: 'npx drillbook rehearse runbooks/drill/index.mdx --scenario intact --lane reader',
            },
          ],
        },
      ],
    },
  ],
};

describe('the text report', () => {
  const text = reportText(rehearsal);
  it('gives file, line, column, expected, received, the difference and the next command', () => {
    assert.match(text, /^runbooks\/drill\/index\.mdx:12:3 step "list" prints .* \(output-differs\)$/m);
    assert.match(text, /^ {4}expected {2}1 row, 100 %$/m);
    assert.match(text, /^ {4}received .*2 rows$/m);
    assert.match(text, /^ {6}- 1 row\n {6}\+ 2 rows$/m);
    assert.match(text, /^ {4}again {5}npx drillbook rehearse .* --scenario intact --lane reader$/m);
  });
  it('counts what is only illustrative, and sums up', () => {
    assert.match(text, /1 block only illustrative/);
    assert.match(text, /1 page, 1 run: 0 as the page says, 1 not \(1 min 5 s\)\. A page is wrong\./);
  });
});

describe('the other reports', () => {
  it('write JUnit that is well formed whatever a program printed', () => {
    const xml = junitReport(rehearsal);
    assert.match(
      xml,
      /<testcase classname="runbooks\/drill\/index\.mdx" name="intact, reader lane, local" time="2\.500">/,
    );
    assert.match(xml, /<failure message="step &quot;list&quot; prints &lt;other&gt; things &amp; more"/);
    assert.match(xml, /tests="2" failures="1" errors="0"/);
    assert.doesNotMatch(xml, /[\0-\x08\x0b-\x1f]/);
  });
  it('annotate the line in GitHub’s own form', () => {
    const line = githubReport(rehearsal);
    assert.match(line, /^::error file=runbooks\/drill\/index\.mdx,line=12,col=3,title=output-differs::step "list"/);
    assert.match(line, /%0AExpected: 1 row, 100 %25%0AReceived: /);
    assert.equal(line.split('\n').length, 2);
  });
  it('go to the files that are named, and the rest to standard output', () => {
    const folder = mkdtempSync(join(tmpdir(), 'drillbook-report-'));
    try {
      const file = join(folder, 'deep', 'result.json');
      const { reports } = parseReports(`text,json=${file}`);
      assert.ok(reports);
      let printed = '';
      writeReports(reports, rehearsal, (text) => {
        printed += text;
      });
      assert.equal(printed, reportText(rehearsal));
      assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')).pages, rehearsal.pages);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
  it('are refused when there is no such report, or two would mix on standard output', () => {
    assert.match(parseReports('tap').reason ?? '', /there is no report "tap"/);
    assert.match(parseReports('json,text').reason ?? '', /write to a file/);
    assert.match(parseReports('junit=').reason ?? '', /needs the name of a file/);
  });
});
