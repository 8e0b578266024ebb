/** A verdict as a person reads it, aloud if need be; and the exit status that it means. Pure. */
import { figure } from './proof.ts';
import type { Verdict } from './verdict.ts';

const HEADLINE: Record<Verdict['verdict'], string> = {
  proven: 'PROVEN',
  restorable: 'RESTORABLE, CONTENT UNPROVEN',
  disproved: 'DISPROVED',
};

const FIRST_LINE: Record<Verdict['verdict'], string> = {
  proven: 'was restored and is proven equal to its manifest.',
  restorable: 'was restored. It has no manifest, so whether every row is in it cannot be said.',
  disproved: 'must not be relied on.',
};

const UNREADABLE = 'was restored. Its manifest cannot be read, so whether every row is in it cannot be said.';

/** Not that of the longest label: pages show these lines, whatever the key tables of a database are called. */
const LABEL_WIDTH = 22;

/** Ends with a newline. */
export function verdictText(verdict: Verdict): string {
  const { backup, testDatabase, tables, rows, keyTables, phases, seconds, versions } = verdict;
  const restored = phases.restore > 0;
  const unreadable = verdict.verdict === 'restorable' && verdict.manifest === 'unreadable';
  const facts: [label: string, value: string][] = [
    ['Backup', `${backup}, ${figure(verdict.bytes)} bytes`],
    ...(verdict.sha256 === '' ? [] : [['SHA-256', verdict.sha256] satisfies [string, string]]),
    ...(restored ? [['Test database', `${testDatabase} (removed)`] satisfies [string, string]] : []),
    ...(tables > 0 ? [['Restored', `${figure(tables)} tables, ${figure(rows)} rows`] satisfies [string, string]] : []),
    ...keyTables.map(({ table, rows: count }): [string, string] => [`  ${table}`, `${figure(count)} rows`]),
    ['Took', `${seconds} s: download ${phases.download} s, restore ${phases.restore} s, proof ${phases.proof} s`],
    [
      'Versions',
      `PostgreSQL ${versions.server}${verdict.place === 'own' ? ' (its own server)' : ''}, pg_restore ${versions.pgRestore}`,
    ],
  ];
  return [
    `${HEADLINE[verdict.verdict]}: ${backup} ${unreadable ? UNREADABLE : FIRST_LINE[verdict.verdict]}`,
    ...section('Why', verdict.reasons),
    '',
    ...facts.map(([label, value]) => `  ${label.padEnd(LABEL_WIDTH)}  ${value}`),
    ...section('Compared', verdict.compared),
    ...section('Not compared', verdict.notProven),
    '',
  ].join('\n');
}

/** 0 proven or restorable, 1 disproved; a backup without a manifest is 1 where one is required. */
export function exitOf(
  verdict: Verdict,
  { requireManifest = false }: { requireManifest?: boolean | undefined } = {},
): 0 | 1 {
  if (verdict.verdict === 'disproved') return 1;
  return verdict.verdict === 'restorable' && requireManifest ? 1 : 0;
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', `${title}:`, ...lines.map((line) => `  - ${line}`)];
}
