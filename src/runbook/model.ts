/**
 * What a page is, once parsed. Everything in `runbook/` is pure: text in, values out. Site and harness read the same.
 * docs/reference/format.md says what each part means.
 */

/** Where something stands in a file; both count from 1. */
export type Position = { line: number; column: number };

/** A fault of content, never thrown: a page is parsed to its end and all its faults are reported. */
export type Fault = Position & {
  /** Stable, e.g. `label-unknown`. */
  rule: string;
  severity: 'error' | 'warning';
  reason: string;
};

export const PARAMETER_KINDS = ['backup', 'database', 'table', 'timestamp'] as const;
export type ParameterKind = (typeof PARAMETER_KINDS)[number];
export type Parameter = { name: string; kind: ParameterKind; default?: string; help: string };

export const SCENARIOS = [
  'intact',
  'absent',
  'empty',
  'drifted',
  'half-restored',
  'leftovers',
  'interrupted',
  'busy',
  'plain-owner',
  'polluted-template',
  'missing-roles',
  'truncated-backup',
  'damaged-backup',
  'checksum-of-another',
  'stale-backup',
  'foreign-backup',
  'missing-backup',
  'no-manifest',
  'store-down',
  'wrong-password',
  'read-only',
  'disk-full',
] as const;
export type ScenarioName = (typeof SCENARIOS)[number];

/** The state a scenario must end in. */
export type Outcome =
  | { kind: 'done' }
  | { kind: 'stops'; at: string }
  | { kind: 'fails'; at: string; recoverWith: { runbook: string; step: string } };

/** What `done` means; `equal` is the default: the database equals the backup. */
export type Proves =
  | { kind: 'equal' }
  | { kind: 'nothing-changed' }
  | { kind: 'copy'; database: string }
  | { kind: 'tables'; tables: string[] }
  | { kind: 'script' };

export type LabName = 'local' | 'compose';
export type Where = 'toolbox' | 'host';

export type ExpectedOutput = Position & {
  /** The block's lines as written, `…` and parameters included. */
  text: string;
  /** Also compared in a scenario that stops at this step. */
  onStop: boolean;
};

export type Step = Position & {
  id: string;
  /** The published bytes, without a final newline. */
  command: string;
  /** The line of the command's first line in the page. */
  commandLine: number;
  where: Where;
  /** Only in this lab; undefined: in both. */
  lab?: LabName;
  output?: ExpectedOutput;
  /** Why error lines in the output are honest here. */
  errors?: string;
  /** The nearest heading above the block. */
  heading: string;
};

export type Page = {
  /** Relative to the project. */
  path: string;
  /** The folder's name for `runbooks/<name>/index.mdx`, else the path without its extension. */
  name: string;
  title: string;
  description: string;
  parameters: Parameter[];
  /** In the page's order. */
  scenarios: { name: ScenarioName; outcome: Outcome; position: Position }[];
  excludes: { scenario: ScenarioName; reason: string }[];
  proves: Proves;
  leaves: string[];
  /** Seconds. */
  rto?: number;
  /** A second run ends the same. */
  repeatable: boolean;
  /** Mutants that change nothing, with the reason. */
  equivalent: Record<string, string>;
  /** Figures in the text, compared with measured ones (facts.ts). */
  facts: Record<string, string>;
  /** Where the promises stand that a run is measured by. */
  promisedAt: { rto: Position; repeatable: Position; facts: Record<string, Position> };
  /** The labs it runs in. */
  labs: LabName[];
  /** The `parameters` block, unfilled. */
  parametersBlock?: Step;
  /** In the page's order; variants of one step share its id and differ in `lab`. */
  steps: Step[];
  /** Blocks that show a step of a runbook: `quotes=<runbook>/<step>`. */
  quotes: (Position & { runbook: string; step: string; command: string })[];
  illustrative: number;
  faults: Fault[];
};
