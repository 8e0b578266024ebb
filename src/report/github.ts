/** For GitHub Actions: one annotation per finding, shown at its line in the pull request. */
import type { Finding, Rehearsal } from '../rehearsal/result.ts';

export function githubReport(rehearsal: Rehearsal): string {
  const findings = rehearsal.pages.flatMap((page) => [...page.faults, ...page.runs.flatMap((run) => run.findings)]);
  return findings.map((finding) => `${annotation(finding)}\n`).join('');
}

function annotation({ severity, path, line, column, rule, reason, expected, received, again }: Finding): string {
  const rows = [reason];
  if (expected !== undefined) rows.push(`Expected: ${expected}`);
  if (received !== undefined) rows.push(`Received: ${received}`);
  if (again !== undefined) rows.push(`Again: ${again}`);
  const properties = `file=${property(path)},line=${line},col=${column},title=${property(rule)}`;
  return `::${severity} ${properties}::${data(rows.join('\n'))}`;
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
