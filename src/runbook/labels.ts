/**
 * What stands behind a fence's language: Drillbook's labels and Expressive Code's own options. The set is closed, so
 * that a slip of the pen is an error and not a block that nobody runs.
 */
import { error, unknown } from './fault.ts';
import type { Fault, LabName, Position, Where } from './model.ts';

const LABELS = {
  parameters: 'flag',
  step: 'value',
  output: 'value',
  where: 'value',
  lab: 'value',
  errors: 'reason',
  on: 'value',
  quotes: 'value',
  illustrative: 'reason',
} as const;
export type LabelName = keyof typeof LABELS;

/** Expressive Code's, with Starlight's plugins; its markers (`{1-3}`, `"text"`, `/regex/`) have no name. */
const EXPRESSIVE_CODE = [
  'title',
  'frame',
  'wrap',
  'preserveIndent',
  'hangingIndent',
  'showLineNumbers',
  'startLineNumber',
  'mark',
  'ins',
  'del',
  'collapse',
  'collapseStyle',
  'lang',
  'useDiffSyntax',
] as const;

/** What a block is; the others say something about it. */
const ROLES = ['parameters', 'step', 'output', 'quotes', 'illustrative'] as const;
/** Which labels may stand beside which role. */
const BESIDE: Record<(typeof ROLES)[number], readonly LabelName[]> = {
  parameters: ['where'],
  step: ['where', 'lab', 'errors'],
  output: ['lab', 'on'],
  quotes: ['where', 'lab'],
  illustrative: [],
};
const VALUES = { where: ['host', 'toolbox'], lab: ['local', 'compose'], on: ['stop'] } as const;

/** Of a step: also the name of its script's file. */
export const STEP_ID = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;

export type Label = Position & { value: string };
export type Labels = {
  [name in LabelName]?: Label;
} & { role?: (typeof ROLES)[number]; faults: Fault[] };

/** A name, `name=value`, `name="value"`, `name={1-3}`, `name=/regex/`, or one of the nameless markers. */
const TOKEN =
  /(?:([A-Za-z_][\w-]*)(?:(=)("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\{(?:[^{}]|\{[^{}]*\})*\}|\/(?:[^/\\]|\\.)*\/|[^\s]*))?|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\{[^}]*\}|\/(?:[^/\\]|\\.)*\/)|(\S+))/g;

/**
 * Reads the text behind the language.
 * @param meta as it stands in the file
 * @param at where `meta` begins
 */
export function parseLabels(meta: string, at: Position): Labels {
  const labels: Labels = { faults: [] };
  for (const match of meta.matchAll(TOKEN)) {
    const position = { line: at.line, column: at.column + match.index };
    const [, name, equals, raw, marker, other] = match;
    if (marker !== undefined) continue;
    if (name === undefined) {
      labels.faults.push(error('label-syntax', position, `"${other}" is no label; labels are written name=value`));
      continue;
    }
    if (EXPRESSIVE_CODE.some((own) => own === name)) continue;
    if (!isLabel(name)) {
      labels.faults.push(error('label-unknown', position, unknown('label', name, Object.keys(LABELS))));
      continue;
    }
    if (labels[name] !== undefined) {
      labels.faults.push(error('label-repeated', position, `${name} stands here twice`));
      continue;
    }
    const value = unquote(raw ?? '');
    const wrong = wrongValue(name, equals !== undefined, value);
    if (wrong !== undefined) labels.faults.push(error('label-value', position, wrong));
    labels[name] = { ...position, value };
  }
  checkTogether(labels);
  return labels;
}

function isLabel(name: string): name is LabelName {
  return Object.hasOwn(LABELS, name);
}

function wrongValue(name: LabelName, hasValue: boolean, value: string): string | undefined {
  if (LABELS[name] === 'flag') return hasValue ? `${name} takes no value` : undefined;
  if (!hasValue || value.trim() === '')
    return LABELS[name] === 'reason' ? `${name} needs a reason: ${name}="why"` : `${name} needs a value: ${name}=…`;
  if (name === 'where' || name === 'lab' || name === 'on') {
    const valid: readonly string[] = VALUES[name];
    return valid.includes(value) ? undefined : unknown(`value of ${name}`, value, valid);
  }
  if (name === 'step' && !STEP_ID.test(value))
    return `a step is named with a-z, 0-9 and single hyphens, a letter first: "${value}" is not`;
  if (name === 'quotes' && !/^[a-z0-9][a-z0-9-]*\/[a-z][a-z0-9-]*$/.test(value))
    return `quotes needs <runbook>/<step>: "${value}" is not`;
  return undefined;
}

function checkTogether(labels: Labels): void {
  const roles = ROLES.filter((role) => labels[role] !== undefined);
  const [role, second] = roles;
  if (role !== undefined) labels.role = role;
  if (role !== undefined && second !== undefined) {
    const position = labels[second] ?? { line: 1, column: 1 };
    labels.faults.push(error('label-together', position, `${role} and ${second} cannot stand on one block`));
  }
  for (const name of ['where', 'lab', 'errors', 'on'] as const) {
    const label = labels[name];
    if (label === undefined || (role !== undefined && BESIDE[role].includes(name))) continue;
    const roleNames = ROLES.filter((one) => BESIDE[one].includes(name)).join(' or ');
    labels.faults.push(error('label-together', label, `${name} belongs on a block with ${roleNames}`));
  }
}

/** The label's value as a place to run; the toolbox when there is none. */
export function whereOf(labels: Labels): Where {
  return labels.where?.value === 'host' ? 'host' : 'toolbox';
}

export function labOf(labels: Labels): LabName | undefined {
  const value = labels.lab?.value;
  return value === 'local' || value === 'compose' ? value : undefined;
}

function unquote(raw: string): string {
  return /^(["']).*\1$/s.test(raw) ? raw.slice(1, -1).replace(/\\(["'\\])/g, '$1') : raw;
}
