/** What a rehearsal finds out, from one step up to all pages. Reports import these types and nothing else. */
import type { LabName, Outcome, Position, ScenarioName } from '../runbook/model.ts';

export const LANES = ['reader', 'script'] as const;
export type LaneName = (typeof LANES)[number];

/** Something that is wrong with a page, where it stands, and how to see just this again. */
export type Finding = Position & {
  /** The page, relative to the project. */
  path: string;
  /** Stable, e.g. `output-differs`. */
  rule: string;
  severity: 'error' | 'warning';
  /** One sentence. */
  reason: string;
  expected?: string;
  received?: string;
  /** Lines that begin with "  ", "- " or "+ ". */
  difference?: string;
  /** The command that repeats just this. */
  again?: string;
};

/** What is wrong, before it is known where it happened and how to repeat it. */
export type Flaw = Omit<Finding, 'path' | 'again' | 'severity'>;

export type StepResult = {
  id: string;
  /** For a variant of a step: its lab. */
  lab?: LabName;
  status: number;
  /** As a person saw it: terminal sequences removed. */
  output: string;
  seconds: number;
  /** Why the step did not succeed. */
  flaw?: Flaw;
  /** It did not end by itself (it waits for a key, prints without end, …): never a legitimate stop. */
  stuck: boolean;
  /** Databases that were there before and not after, or are others under the same name. */
  destroyed: string[];
};

export type Verdict = 'passed' | 'failed' | 'undecided';

export type RunResult = {
  scenario: ScenarioName;
  lane: LaneName;
  lab: LabName;
  expected: Outcome;
  verdict: Verdict;
  /** In words: `done`, `stopped at download`. */
  ended: string;
  seconds: number;
  /** The parameters that were filled in. */
  values: Record<string, string>;
  steps: StepResult[];
  findings: Finding[];
  /** The folder that holds what the lab's services logged, when it did not pass. */
  logs?: string;
};

export type PageResult = {
  path: string;
  /** The page's name, e.g. `restore-in-place`. */
  runbook: string;
  title: string;
  verdict: Verdict;
  /** Faults of the page itself: it is not run while one is an error. */
  faults: Finding[];
  runs: RunResult[];
  /** Blocks that are shown and not executed, each for its reason. */
  illustrative: number;
  seconds: number;
  /** The time that the page promises, in seconds. */
  promised?: number;
};

export type Rehearsal = {
  /** UTC, ISO 8601. */
  startedAt: string;
  seconds: number;
  verdict: Verdict;
  pages: PageResult[];
};

/** Failed beats undecided, undecided beats passed. */
export function worst(verdicts: Verdict[]): Verdict {
  if (verdicts.includes('failed')) return 'failed';
  return verdicts.includes('undecided') ? 'undecided' : 'passed';
}
