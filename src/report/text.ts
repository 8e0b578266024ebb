/** For people: one line per run, what is wrong with file, line and difference, and a summary. */
import type { Finding, PageResult, Rehearsal, RunResult } from '../rehearsal/result.ts';

/** `  ✓ intact           reader  done                 4.2 s` */
export function runLine(run: RunResult): string {
  const sign = { passed: '✓', failed: '✗', undecided: '?' }[run.verdict];
  return `  ${sign} ${run.scenario.padEnd(20)} ${run.lane.padEnd(7)} ${run.ended.padEnd(26)} ${duration(run.seconds)}`;
}

export function reportText(rehearsal: Rehearsal): string {
  const pages = rehearsal.pages.map(pageText);
  return `${pages.join('\n')}\n${summary(rehearsal)}\n`;
}

/** `runbooks/x/index.mdx:12:9 reason (rule)`, then what was expected, what came, and how to see it again. */
export function findingText(finding: Finding): string {
  const { path, line, column, reason, rule, expected, received, difference, again, severity } = finding;
  const rows = [`${path}:${line}:${column} ${severity === 'warning' ? 'warning: ' : ''}${reason} (${rule})`];
  if (expected !== undefined) rows.push(`    expected  ${indented(expected)}`);
  if (received !== undefined) rows.push(`    received  ${indented(received)}`);
  if (difference !== undefined) rows.push(...difference.split('\n').map((row) => `      ${row}`));
  if (again !== undefined && severity === 'error') rows.push(`    again     ${again}`);
  return rows.join('\n');
}

function pageText(page: PageResult): string {
  const rows = [`${page.title} (${page.path})`, ...page.runs.map(runLine)];
  if (page.runs.length === 0)
    rows.push(page.verdict === 'failed' ? '  not run: the page has errors' : '  nothing to run here');
  const done = page.runs.filter(({ ended }) => ended === 'done');
  if (page.promised !== undefined && done.length > 0)
    rows.push(
      `  promised within ${duration(page.promised)}; took at most ${duration(Math.max(...done.map(({ seconds }) => seconds)))}`,
    );
  if (page.illustrative > 0)
    rows.push(`  ${count(page.illustrative, 'block')} only illustrative: shown, with a reason, and not run`);
  for (const finding of page.faults) rows.push('', findingText(finding));
  for (const { findings, logs } of page.runs) {
    for (const finding of findings) rows.push('', findingText(finding));
    if (findings.length > 0 && logs !== undefined) rows.push(`    logs      ${logs}`);
  }
  return `${rows.join('\n')}\n`;
}

function summary({ pages, verdict, seconds }: Rehearsal): string {
  const runs = pages.flatMap((page) => page.runs);
  const of = (wanted: RunResult['verdict']) => runs.filter((run) => run.verdict === wanted).length;
  const parts = [`${count(pages.length, 'page')}, ${count(runs.length, 'run')}: ${of('passed')} as the page says`];
  if (of('failed') > 0) parts.push(`${of('failed')} not`);
  if (of('undecided') > 0) parts.push(`${of('undecided')} undecided`);
  const unfit = pages.filter((page) => page.faults.some(({ severity }) => severity === 'error')).length;
  if (unfit > 0) parts.push(`${count(unfit, 'page')} not run because of errors`);
  const ending = { passed: '', failed: ' A page is wrong.', undecided: ' It could not be decided.' }[verdict];
  return `${parts.join(', ')} (${duration(seconds)}).${ending}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function duration(seconds: number): string {
  const whole = Math.round(seconds);
  return seconds < 59.95 ? `${seconds.toFixed(1)} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

function indented(text: string): string {
  return text.replaceAll('\n', '\n              ');
}
