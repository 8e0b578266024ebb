/**
 * A page as the site shows it: what `parsePage` read, what the last rehearsal recorded, and the words for both. Reads
 * files, executes nothing.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { destructive } from '../runbook/destructive.ts';
import type { LabName, Page, Step } from '../runbook/model.ts';
import { parsePage } from '../runbook/parse.ts';
import { parseTranscript, rehearsedHash, type Transcript } from '../runbook/transcript.ts';
import type { Badge, BlockInfo } from './block.ts';
import { RECORDING } from './recordings.ts';
import { about, date } from './words.ts';

/** What the variants of a step are called on their tabs. */
export const VARIANTS: Record<LabName, string> = { compose: 'With Docker Compose', local: 'Without Docker' };
const WHERE = { toolbox: 'In the toolbox', host: 'On the host' } as const;

export type Section = {
  number: number;
  heading: string;
  /** Of the fences that belong to it. */
  lines: number[];
  /** How long it usually takes, in words; empty when nobody measured. */
  duration: string;
  destroys: string[];
};

export type BlockView = { info: BlockInfo; step: string; lab?: LabName; destroys: string[] };

export type PageView = {
  page: Page;
  /** Names of the parameters. */
  names: string[];
  /** Of this very text; undefined when it was not rehearsed. */
  transcript?: Transcript;
  /** Why there is no transcript, in words. */
  unrehearsed?: string;
  /** The address of the recording beside the transcript. */
  recording?: string;
  sections: Section[];
  /** By the line of their fence. */
  blocks: Map<number, BlockView>;
};

/**
 * Reads a page and what was recorded of it.
 * @param file relative to the project's folder, e.g. runbooks/drill/index.mdx
 */
export function readPage(file: string, root = process.cwd()): PageView {
  const page = parsePage(readFileSync(join(root, file), 'utf8'), file, { repository: true });
  const recorded = page.steps.length === 0 ? {} : recordedOf(page, join(root, dirname(file)));
  const view: PageView = {
    page,
    names: page.parameters.map((parameter) => parameter.name),
    sections: [],
    blocks: new Map(),
    ...recorded,
  };
  for (const step of page.parametersBlock === undefined ? [] : [page.parametersBlock])
    addBlock(view, step, 'parameters');
  for (const step of page.steps) addBlock(view, step, 'step');
  view.sections = sectionsOf(view);
  return view;
}

/** The transcript beside the page, when it is of this very text. */
function recordedOf(page: Page, folder: string): Pick<PageView, 'transcript' | 'unrehearsed' | 'recording'> {
  const file = join(folder, 'transcript.json');
  if (!existsSync(file)) return { unrehearsed: 'Nobody has recorded a rehearsal of this page.' };
  const read = parseTranscript(readFileSync(file, 'utf8'));
  if (read.transcript === undefined) return { unrehearsed: `Its transcript cannot be read: ${read.reason}.` };
  const scripts: Record<string, string> = {};
  for (const { id } of page.steps) {
    const script = join(folder, `${id}.ts`);
    if (existsSync(script)) scripts[id] = readFileSync(script, 'utf8');
  }
  if (rehearsedHash(page, scripts) !== read.transcript.hash)
    return { unrehearsed: `It was changed after its last rehearsal on ${date(read.transcript.recordedAt)}.` };
  const recording = existsSync(join(folder, RECORDING)) ? { recording: `/runbooks/${page.name}/${RECORDING}` } : {};
  return { transcript: read.transcript, ...recording };
}

function addBlock(view: PageView, step: Step, kind: 'step' | 'parameters'): void {
  const shared = { step: step.id, ...(step.lab === undefined ? {} : { lab: step.lab }) };
  const destroys = kind === 'step' ? destroysOf(view, step) : [];
  const badge = kind === 'step' ? badgeOf(view, step) : undefined;
  const info: BlockInfo = {
    kind,
    where: WHERE[step.where],
    names: view.names,
    ...(badge === undefined ? {} : { badge }),
    ...(destroys.length > 0 ? { destroys: true } : {}),
  };
  view.blocks.set(step.line, { ...shared, info, destroys });
  if (step.output !== undefined)
    view.blocks.set(step.output.line, { ...shared, info: { kind: 'output', names: view.names }, destroys: [] });
}

/** Blocks under one heading are one step of the page, numbered in its order. */
function sectionsOf(view: PageView): Section[] {
  const sections: Section[] = [];
  const steps = [...(view.page.parametersBlock ? [view.page.parametersBlock] : []), ...view.page.steps];
  for (const step of steps.sort((a, b) => a.line - b.line)) {
    let section = sections.at(-1);
    if (section?.heading !== step.heading) {
      section = { number: sections.length + 1, heading: step.heading, lines: [], duration: '', destroys: [] };
      sections.push(section);
    }
    section.lines.push(step.line);
    section.destroys.push(...(view.blocks.get(step.line)?.destroys ?? []));
  }
  for (const section of sections) section.duration = durationOf(view, section);
  return sections;
}

function durationOf(view: PageView, section: Section): string {
  const ids = new Set(section.lines.map((line) => view.blocks.get(line)?.step));
  const labs = view.transcript?.labs.map(({ lab }) => lab) ?? [];
  const measured = view.transcript?.steps.filter(
    ({ id, lab }) => ids.has(id) && (lab === undefined || lab === labs[0]),
  );
  if (measured === undefined || measured.length === 0) return '';
  return about(measured.reduce((sum, { seconds }) => sum + seconds, 0));
}

/** What a step destroys: as its script declared it when it was rehearsed (`${NAME}` for parameters), else what its command says. */
function destroysOf(view: PageView, step: Step): string[] {
  const seen = view.transcript?.steps.find(({ id, lab }) => id === step.id && (lab ?? step.lab) === step.lab)?.destroys;
  if (seen !== undefined && seen.length > 0) return seen;
  return [...new Set(destructive(step.command).map(({ what }) => words(what)))];
}

/** `DROP DATABASE` is SQL; nothing on a page is said in capitals. */
function words(what: string): string {
  return /^[A-Z ]+$/.test(what) ? what.toLowerCase() : what;
}

function badgeOf(view: PageView, step: Step): Badge | undefined {
  const { transcript } = view;
  if (transcript === undefined) return { state: 'not-rehearsed', text: 'Not rehearsed in this form' };
  const failed = transcript.results.find(
    ({ verdict, ended, lab }) => verdict === 'failed' && ended === `stopped at ${step.id}` && (step.lab ?? lab) === lab,
  );
  if (failed !== undefined)
    return { state: 'failed', text: `Failed in the situation “${failed.scenario}” on ${date(transcript.recordedAt)}` };
  const ran = transcript.steps.find(({ id, lab }) => id === step.id && (lab === undefined || lab === step.lab));
  if (ran === undefined) return { state: 'not-rehearsed', text: 'Not part of the last rehearsal' };
  // A step that is the same everywhere ran in each lab, and is as fresh as the oldest of them.
  const labs = transcript.labs.filter(({ lab }) => ran.lab === undefined || lab === ran.lab);
  const on = labs.map(({ recordedAt }) => recordedAt ?? transcript.recordedAt).sort()[0] ?? transcript.recordedAt;
  return { state: 'passed', text: `Ran on ${date(on)}${versionsOf(labs)} in ${about(ran.seconds, '')}` };
}

function versionsOf(labs: Transcript['labs']): string {
  const versions = [...new Set(labs.map(({ versions: { postgres } }) => postgres))];
  return versions.length === 0 ? '' : ` with PostgreSQL ${versions.join(' and ')}`;
}
