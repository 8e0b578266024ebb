/** For CI servers: a suite per page, a case per run, and one for the page itself. */
import type { Finding, PageResult, Rehearsal, RunResult } from '../rehearsal/result.ts';
import { findingText } from './text.ts';

export function junitReport(rehearsal: Rehearsal): string {
  const suites = rehearsal.pages.map(suite).join('\n');
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="rehearsal" time="${time(rehearsal.seconds)}">\n${suites}\n</testsuites>\n`;
}

function suite(page: PageResult): string {
  const errors = page.faults.filter(({ severity }) => severity === 'error');
  const cases = [
    testCase(page.path, 'the page is well formed', 0, errors.length > 0 ? failure('failure', errors) : ''),
    ...page.runs.map((run) => runCase(page, run)),
  ];
  const failures = Number(errors.length > 0) + page.runs.filter(({ verdict }) => verdict === 'failed').length;
  const undecided = page.runs.filter(({ verdict }) => verdict === 'undecided').length;
  const counts = `tests="${cases.length}" failures="${failures}" errors="${undecided}" time="${time(page.seconds)}"`;
  return `  <testsuite name="${escaped(page.runbook)}" file="${escaped(page.path)}" ${counts}>\n${cases.join('\n')}\n  </testsuite>`;
}

function runCase(page: PageResult, run: RunResult): string {
  const name = `${run.scenario}, ${run.lane} lane, ${run.lab}`;
  const kind = run.verdict === 'undecided' ? 'error' : 'failure';
  return testCase(page.path, name, run.seconds, run.verdict === 'passed' ? '' : failure(kind, run.findings));
}

function testCase(path: string, name: string, seconds: number, inside: string): string {
  const head = `    <testcase classname="${escaped(path)}" name="${escaped(name)}" time="${time(seconds)}"`;
  return inside === '' ? `${head}/>` : `${head}>\n${inside}\n    </testcase>`;
}

function failure(kind: 'failure' | 'error', findings: Finding[]): string {
  const message = escaped(findings[0]?.reason ?? '');
  const type = escaped(findings[0]?.rule ?? '');
  const text = escaped(findings.map(findingText).join('\n\n'));
  return `      <${kind} message="${message}" type="${type}">${text}</${kind}>`;
}

/** XML 1.0 has no place for control characters, not even escaped. */
function escaped(text: string): string {
  const NAMES: Record<string, string> = { '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&quot;' };
  return text
    .replace(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]/g, '�')
    .toWellFormed()
    .replace(/[<>&"]/g, (character) => NAMES[character] ?? character);
}

function time(seconds: number): string {
  return seconds.toFixed(3);
}
