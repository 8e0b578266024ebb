/** The YAML at the top of a page: one strict schema, and for each fault the place of the key it is about. */
import { isMap, isNode, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { error, unknown } from './fault.ts';
import {
  type Fault,
  PARAMETER_KINDS,
  type Parameter,
  type Position,
  type Proves,
  SCENARIOS,
  type ScenarioName,
} from './model.ts';
import { OUTCOME_FORMS, parseDuration, parseOutcome } from './outcome.ts';
import { checkValue } from './parameters.ts';

/** Starlight's own keys, beside `title` and `description`. */
const STARLIGHT = [
  'slug',
  'editUrl',
  'head',
  'tableOfContents',
  'template',
  'hero',
  'lastUpdated',
  'prev',
  'next',
  'sidebar',
  'banner',
  'pagefind',
  'draft',
] as const;

const reason = z.string().trim().min(1, 'a reason is needed');
const figure = z.union([z.string(), z.number()]).transform(String);
const word = z.union([z.string(), z.number(), z.boolean()]).transform(String);

const parameter = z.strictObject({
  kind: z.enum(PARAMETER_KINDS),
  default: word.optional(),
  help: z.string().default(''),
});

const proves = z.union([
  z.enum(['nothing-changed', 'script']).transform((kind): Proves => ({ kind })),
  z.strictObject({ copy: z.string().min(1) }).transform(({ copy }): Proves => ({ kind: 'copy', database: copy })),
  z
    .strictObject({ tables: z.array(z.string()).min(1) })
    .transform(({ tables }): Proves => ({ kind: 'tables', tables })),
]);

const runbookSchema = z.strictObject({
  parameters: z.record(z.string().regex(/^[A-Z][A-Z0-9_]*$/), parameter).default({}),
  scenarios: z.record(z.string(), z.string()).default({}),
  excludes: z.record(z.string(), reason).default({}),
  proves: proves.default({ kind: 'equal' }),
  leaves: z.array(z.string()).default([]),
  rto: z
    .string()
    .refine((text) => parseDuration(text) !== undefined, 'is a time such as 30m, 1h or 1h30m')
    .transform((text) => parseDuration(text) ?? 0)
    .optional(),
  repeatable: z.boolean().default(false),
  equivalent: z.record(z.string(), reason).default({}),
  facts: z.record(z.string(), figure).default({}),
  labs: z
    .array(z.enum(['local', 'compose']))
    .min(1)
    .default(['local', 'compose']),
});

export type Frontmatter = Pick<
  z.infer<typeof runbookSchema>,
  'proves' | 'leaves' | 'repeatable' | 'equivalent' | 'facts' | 'labs'
> & {
  rto?: number;
  title?: string;
  description?: string;
  parameters: Parameter[];
  /** Also the parameters whose declaration is wrong: their uses are no further faults. */
  declared: string[];
  scenarios: { name: ScenarioName; outcome: NonNullable<ReturnType<typeof parseOutcome>>; position: Position }[];
  excludes: { scenario: ScenarioName; reason: string; position: Position }[];
  /** Where a key stands; where its nearest parent stands when it is missing. */
  at: (...path: string[]) => Position;
  /** There is a `runbook:` key. */
  isRunbook: boolean;
  faults: Fault[];
};

/**
 * @param text between the `---` lines; undefined: the page has no frontmatter
 * @param line of the text's first line
 */
export function readFrontmatter(text: string | undefined, line: number, repository: boolean): Frontmatter {
  const counter = new LineCounter();
  const document = parseDocument(text ?? '', { lineCounter: counter, prettyErrors: false });
  const faults: Fault[] = [];
  const place = (offset: number): Position => {
    const { line: at, col } = counter.linePos(offset);
    return { line: Math.max(at, 1) + line - 1, column: Math.max(col, 1) };
  };
  const at = (...path: string[]): Position => {
    let here = { line: Math.max(1, line - 1), column: 1 };
    let node: unknown = document.contents;
    for (const key of path) {
      if (!isMap(node)) break;
      const pair = node.items.find((item) => isNode(item.key) && String(item.key) === key);
      if (pair === undefined || !isNode(pair.key)) break;
      here = place(pair.key.range?.[0] ?? 0);
      node = pair.value;
    }
    return here;
  };
  for (const fault of document.errors) faults.push(error('frontmatter-syntax', place(fault.pos[0]), fault.message));
  const top = z.record(z.string(), z.unknown()).safeParse(faults.length > 0 ? {} : (document.toJS() ?? {}));
  const all = top.success ? top.data : {};
  if (!top.success) faults.push(error('frontmatter-syntax', at(), 'the frontmatter must be keys and values'));
  if (repository) faults.push(...checkTop(all, at));

  const read = runbookSchema.safeParse(all.runbook ?? {}, { reportInput: true });
  if (!read.success) for (const issue of read.error.issues) faults.push(...faultsOf(issue, at));
  const data = read.success ? read.data : runbookSchema.parse(salvage(all.runbook, read.error));
  const { rto, scenarios: _scenarios, excludes: _excludes, parameters: _parameters, ...rest } = data;
  return {
    ...rest,
    ...(rto === undefined ? {} : { rto }),
    ...(typeof all.title === 'string' ? { title: all.title } : {}),
    ...(typeof all.description === 'string' ? { description: all.description } : {}),
    parameters: parametersOf(data, at, faults),
    declared: declaredIn(all.runbook),
    ...scenariosOf(data, at, faults),
    at,
    isRunbook: all.runbook !== undefined,
    faults,
  };
}

function checkTop(all: Record<string, unknown>, at: Frontmatter['at']): Fault[] {
  const valid = ['title', 'description', 'runbook', ...STARLIGHT];
  const faults = Object.keys(all)
    .filter((key) => !valid.includes(key))
    .map((key) => error('frontmatter-key', at(key), unknown('key', key, valid)));
  for (const key of ['title', 'description'])
    if (typeof all[key] !== 'string' || all[key].trim() === '')
      faults.push(error('frontmatter-value', at(key), `${key} is needed, as text`));
  return faults;
}

const KEYS = Object.keys(runbookSchema.shape);

function faultsOf(issue: z.core.$ZodIssue, at: Frontmatter['at']): Fault[] {
  const path = ['runbook', ...issue.path.map(String)];
  const name = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    const valid = issue.path.length === 0 ? KEYS : issue.path[0] === 'parameters' ? Object.keys(parameter.shape) : [];
    return issue.keys.map((key) => error('frontmatter-key', at(...path, key), unknown('key', key, valid)));
  }
  if (issue.code === 'invalid_key')
    return [
      error(
        'frontmatter-value',
        at(...path),
        `a parameter is named in capitals, digits and _: "${String(issue.path.at(-1))}" is not`,
      ),
    ];
  if (name.startsWith('proves'))
    return [
      error(
        'frontmatter-value',
        at(...path),
        'proves is nothing-changed, script, { copy: <database> } or { tables: [<table>] }',
      ),
    ];
  if (issue.code === 'invalid_value') {
    const came: unknown = issue.input;
    const valid = issue.values.map(String);
    return [error('frontmatter-value', at(...path), `${name}: ${unknown('value', String(came ?? 'nothing'), valid)}`)];
  }
  return [error('frontmatter-value', at(...path), `${name || 'runbook'}: ${lowerFirst(issue.message)}`)];
}

/** The frontmatter without what is wrong in it, so that the rest of the page is still checked. */
function salvage(runbook: unknown, wrong: z.ZodError): Record<string, unknown> {
  const top = z.record(z.string(), z.unknown()).safeParse(runbook);
  if (!top.success) return {};
  const kept = { ...top.data };
  for (const { path, ...issue } of wrong.issues) {
    const [key, entry] = path.map(String);
    const entries = z.record(z.string(), z.unknown()).safeParse(key === undefined ? undefined : kept[key]);
    if (key === undefined) for (const name of issue.code === 'unrecognized_keys' ? issue.keys : []) delete kept[name];
    else if (entry === undefined || !entries.success) delete kept[key];
    else kept[key] = Object.fromEntries(Object.entries(entries.data).filter(([name]) => name !== entry));
  }
  return runbookSchema.safeParse(kept).success ? kept : {};
}

function declaredIn(runbook: unknown): string[] {
  const read = z.object({ parameters: z.record(z.string(), z.unknown()) }).safeParse(runbook);
  return read.success ? Object.keys(read.data.parameters) : [];
}

function parametersOf(data: z.infer<typeof runbookSchema>, at: Frontmatter['at'], faults: Fault[]): Parameter[] {
  return Object.entries(data.parameters).map(([name, { kind, default: value, help }]) => {
    const position = at('runbook', 'parameters', name, 'default');
    if (value !== undefined && kind === 'backup')
      faults.push(error('parameter-default', position, 'a backup has no default: the reader chooses it'));
    const wrong = value === undefined || kind === 'backup' ? undefined : checkValue(kind, value);
    if (wrong !== undefined) faults.push(error('parameter-default', position, `"${value}": ${wrong}`));
    return { name, kind, help, ...(value === undefined ? {} : { default: value }) };
  });
}

function scenariosOf(
  data: z.infer<typeof runbookSchema>,
  at: Frontmatter['at'],
  faults: Fault[],
): Pick<Frontmatter, 'scenarios' | 'excludes'> {
  const known = (name: string, position: Position): name is ScenarioName => {
    if (SCENARIOS.some((scenario) => scenario === name)) return true;
    faults.push(error('scenario-unknown', position, unknown('scenario', name, SCENARIOS)));
    return false;
  };
  const scenarios: Frontmatter['scenarios'] = [];
  for (const [name, text] of Object.entries(data.scenarios)) {
    const position = at('runbook', 'scenarios', name);
    const outcome = parseOutcome(text);
    if (outcome === undefined)
      faults.push(error('scenario-outcome', position, `"${text}" is no end of a scenario; valid: ${OUTCOME_FORMS}`));
    if (known(name, position) && outcome !== undefined) scenarios.push({ name, outcome, position });
  }
  const excludes: Frontmatter['excludes'] = [];
  for (const [scenario, why] of Object.entries(data.excludes)) {
    const position = at('runbook', 'excludes', scenario);
    if (!known(scenario, position)) continue;
    if (Object.hasOwn(data.scenarios, scenario))
      faults.push(error('scenario-twice', position, `${scenario} is both named under scenarios and excluded`));
    excludes.push({ scenario, reason: why, position });
  }
  return { scenarios, excludes };
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
