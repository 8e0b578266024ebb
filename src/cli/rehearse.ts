/** `drillbook rehearse`: runs pages in a lab and says whether they still work. */
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Failure } from '../failure.ts';
import { furnishedLab } from '../lab/furnished.ts';
import type { Lab } from '../lab/lab.ts';
import { attachLab } from '../lab/up.ts';
import type { Report } from '../progress.ts';
import { rehearse as rehearsePages } from '../rehearsal/matrix.ts';
import { type LoadedPage, loadPages } from '../rehearsal/pages.ts';
import { promotePage, withoutOutputs } from '../rehearsal/promote.ts';
import { leads, transcriptOf, writeRecording, writeTranscript } from '../rehearsal/record.ts';
import { LANES, type LaneName, type Rehearsal } from '../rehearsal/result.ts';
import { parseReports, type WantedReport, writeReports } from '../report/reports.ts';
import { runLine } from '../report/text.ts';
import { nearest } from '../runbook/fault.ts';
import { type LabName, SCENARIOS, type ScenarioName } from '../runbook/model.ts';
import { command } from './command.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Rows of the sample in a lab made for a rehearsal: enough for every kind of object, quick to reset. */
const ROWS = 10_000;
const LABS: LabName[] = ['local', 'compose'];
const STATUS = { passed: 0, failed: 1, undecided: 3 } as const;

export const rehearse = command({
  name: 'rehearse',
  summary: 'Run pages in a lab, pasted into a terminal and by their scripts, and say whether they still work.',
  examples: [
    ['drillbook rehearse', 'every runbook, every scenario, both lanes'],
    ['drillbook rehearse drill --scenario intact', 'one runbook, by name, in one scenario'],
    ['drillbook rehearse docs/page.mdx --lane reader', 'any page, as a person would paste it'],
    ['drillbook rehearse drill --promote', 'write the real outputs into the page'],
    ['drillbook rehearse --record', 'write transcript.json beside each page, when all passed'],
    ['drillbook rehearse --lab compose', 'in containers; with --record beside what was recorded in the other lab'],
    ['drillbook rehearse --report text,junit=junit.xml', 'and a file for the CI server'],
  ],
  args: {
    paths: { type: 'positional', required: false, description: 'pages, their folders, or names of runbooks' },
    scenario: { type: 'string', description: 'only these scenarios, separated by commas' },
    lane: { type: 'string', description: `only this lane: ${LANES.join(' or ')}` },
    lab: { type: 'string', default: 'local', description: `the kind of lab: ${LABS.join(' or ')}` },
    promote: { type: 'boolean', default: false, description: 'write the real outputs into the pages' },
    record: {
      type: 'boolean',
      default: false,
      description: 'write transcripts and recordings, when every page passed',
    },
    report: { type: 'string', default: 'text', description: 'text,json=FILE,junit=FILE,github' },
  },
  async run({ args, report, print, signal }) {
    const scenarios = scenariosOf(args.scenario);
    const lanes = lanesOf(args.lane);
    const reports = reportsOf(args.report);
    const kind = labOf(args.lab);
    let pages = await loadPages(ROOT, args._);
    checkNamed(pages, scenarios);
    checkLab(pages, kind);
    const fit = pages.filter(({ page }) => !page.faults.some(({ severity }) => severity === 'error'));
    await using lab = fit.length > 0 ? await labFor(kind, { report, signal }) : undefined;
    if (args.promote && lab !== undefined) {
      await promoteAll(fit, { lab, report, signal });
      pages = await loadPages(ROOT, args._);
    }
    const casts = new Map<string, string>();
    const rehearsal = await rehearsePages(pages, {
      lab,
      ...(scenarios === undefined ? {} : { scenarios }),
      ...(lanes === undefined ? {} : { lanes }),
      report,
      ...(args.record ? { onRecording: ({ path }, cast) => void casts.set(path, cast) } : {}),
      logs: join(ROOT, '.drillbook', 'failed', new Date().toISOString().replaceAll(':', '-')),
      onRun: (_, run) => report({ kind: 'note', text: runLine(run).trimStart() }),
      signal,
    });
    writeReports(reports, rehearsal, print);
    if (args.record) recordAll(pages, rehearsal, { lab, casts, report });
    return STATUS[rehearsal.verdict];
  },
});

type Work = { report: Report; signal: AbortSignal };

function scenariosOf(list: string | undefined): ScenarioName[] | undefined {
  if (list === undefined) return undefined;
  return list.split(',').map((name) => {
    const found = SCENARIOS.find((scenario) => scenario === name);
    if (found !== undefined) return found;
    const meant = nearest(name, SCENARIOS);
    throw wrong(
      '--scenario',
      `there is no scenario "${name}"${meant === undefined ? '' : `, did you mean "${meant}"?`}`,
    );
  });
}

function lanesOf(name: string | undefined): LaneName[] | undefined {
  if (name === undefined) return undefined;
  const found = LANES.find((lane) => lane === name);
  if (found === undefined) throw wrong('--lane', `there is no lane "${name}"; there are ${LANES.join(' and ')}`);
  return [found];
}

function labOf(name: string): LabName {
  const found = LABS.find((lab) => lab === name);
  if (found === undefined) throw wrong('--lab', `there is no lab "${name}"; there are ${LABS.join(' and ')}`);
  return found;
}

/** Where none of the pages is for this lab, nothing would run, and that would look like success. */
function checkLab(pages: LoadedPage[], lab: LabName): void {
  if (pages.length > 0 && !pages.some(({ page }) => page.labs.includes(lab)))
    throw wrong('--lab', `no page is for the lab "${lab}": their frontmatter says so under "labs"`);
}

function reportsOf(list: string): WantedReport[] {
  const read = parseReports(list);
  if (read.reports === undefined) throw wrong('--report', read.reason);
  return read.reports;
}

/** A scenario that no page names would run nothing and look like success. */
function checkNamed(pages: LoadedPage[], scenarios: ScenarioName[] = []): void {
  for (const scenario of scenarios) {
    if (pages.some(({ page }) => page.scenarios.some(({ name }) => name === scenario))) continue;
    const excluded = pages.flatMap(({ page }) => page.excludes).find((exclude) => exclude.scenario === scenario);
    throw wrong('--scenario', excluded ? `${scenario} is excluded: ${excluded.reason}` : `no page names ${scenario}`);
  }
}

function wrong(argument: string, reason: string): Failure {
  return new Failure('argument-wrong', { command: 'rehearse', argument, reason });
}

/** Runs `intact` as a reader does, whatever the steps print, and writes that down. */
async function promoteAll(pages: LoadedPage[], { lab, report, signal }: Work & { lab: Lab }): Promise<void> {
  const bare = pages.map(withoutOutputs);
  const { pages: results } = await rehearsePages(bare, {
    lab,
    scenarios: ['intact'],
    lanes: ['reader'],
    report,
    signal,
  });
  for (const [index, loaded] of pages.entries()) {
    const run = results[index]?.runs[0];
    const text = `${loaded.page.path}: outputs were written; read them before you commit`;
    if (run !== undefined && promotePage(loaded, run)) report({ kind: 'note', text });
  }
}

type Recording = { lab: Lab | undefined; casts: ReadonlyMap<string, string>; report: Report };

function recordAll(pages: LoadedPage[], rehearsal: Rehearsal, { lab, casts, report }: Recording): void {
  if (rehearsal.verdict !== 'passed' || lab === undefined) {
    report({ kind: 'note', text: 'Nothing was recorded: only a rehearsal that passed everywhere is evidence.' });
    return;
  }
  for (const [index, result] of rehearsal.pages.entries()) {
    const loaded = pages[index];
    const transcript = loaded && transcriptOf(loaded, result, { lab, recordedAt: rehearsal.startedAt });
    if (loaded === undefined || transcript === undefined)
      report({ kind: 'note', text: `${result.path}: not recorded, because it was not run in intact` });
    else {
      const written = writeTranscript(loaded.file, transcript);
      if (leads(loaded.file, lab.kind)) writeRecording(loaded.file, casts.get(result.path));
      report({ kind: 'note', text: `recorded ${relative(ROOT, written)}` });
    }
  }
}

/** The lab that DRILLBOOK_LAB names, which stays; else a new one with the sample, which goes with the rehearsal. */
async function labFor(kind: LabName, { report, signal }: Work): Promise<Lab & AsyncDisposable> {
  const folder = process.env.DRILLBOOK_LAB;
  if (!folder) return furnishedLab({ kind, rows: ROWS, report, signal });
  const lab = await attachLab(folder);
  if (lab.kind !== kind) throw wrong('--lab', `the lab that DRILLBOOK_LAB names is "${lab.kind}", not "${kind}"`);
  return Object.assign({ ...lab }, { async [Symbol.asyncDispose]() {} });
}
