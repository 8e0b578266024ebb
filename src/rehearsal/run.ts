/** One run: a page in one scenario and one lane, from the prepared world to the verdict. */
import { Failure } from '../failure.ts';
import type { Outcome, Step } from '../runbook/model.ts';
import { changed, type Databases, databasesOf, gone, overwritten, undeclared } from './destruction.ts';
import { againCommand, describeEnd, judgeSteps, lastWriter } from './judge.ts';
import type { LaneOptions } from './lanes/lane.ts';
import { performReader } from './lanes/reader.ts';
import { performScript } from './lanes/script.ts';
import type { LoadedPage } from './pages.ts';
import { factFlaws, rtoFlaws } from './promises.ts';
import { proveOutcome } from './proof.ts';
import { publishable } from './record.ts';
import type { Finding, Flaw, LaneName, RunResult, StepResult } from './result.ts';
import { secondRun } from './second-run.ts';
import type { Target } from './step/definition.ts';
import { type Recorder, recorder } from './terminal/recorder.ts';
import { COLUMNS, type Limits, ROWS } from './terminal/terminal.ts';
import { observe, originalStillExists, type Prepared, prepareScenario, valuesOf, type World } from './world.ts';

export type RunOptions = {
  loaded: LoadedPage;
  scenario: LoadedPage['page']['scenarios'][number];
  lane: LaneName;
  world: World;
  /** Pages that a recovery may lead to, by name. */
  recoveries: ReadonlyMap<string, LoadedPage>;
  /** Given what the reader's terminals showed, where the run is the one that a transcript is made of. */
  onRecording?: (cast: string) => void;
  limits?: Partial<Limits>;
  signal?: AbortSignal;
};

type How = { exported?: boolean; interruptedAfter?: string };
/** What one passage through the page came to. */
type Passage = { results: StepResult[]; flaws: Flaw[]; seconds: number; values: Record<string, string> };

/** Never throws for what a page does; @throws the signal's reason */
export async function runScenario(options: RunOptions): Promise<RunResult> {
  const { loaded, scenario, lane, world, signal } = options;
  const since = performance.now();
  const base = { scenario: scenario.name, lane, lab: world.lab.kind, expected: scenario.outcome };
  const finding = (flaw: Flaw): Finding => ({
    severity: 'error',
    ...flaw,
    path: loaded.page.path,
    again: againCommand(loaded.page.path, scenario.name, lane, world.lab.kind),
  });
  try {
    const passages = await passagesOf(options);
    const [first] = passages;
    const findings = passages.flatMap((passage) => passage.flaws).map(finding);
    return {
      ...base,
      verdict: findings.length === 0 ? 'passed' : 'failed',
      ended: describeEnd((passages.find(({ flaws }) => flaws.length > 0) ?? first)?.results ?? []),
      seconds: first?.seconds ?? 0,
      values: first?.values ?? {},
      steps: first?.results ?? [],
      findings: distinct(findings),
    };
  } catch (caught) {
    signal?.throwIfAborted();
    const error = firstReason(caught);
    if (!(error instanceof Failure)) throw error;
    const flaw = { ...scenario.position, rule: error.code, reason: `scenario ${scenario.name}: ${error.message}` };
    return {
      ...base,
      verdict: 'undecided',
      ended: 'could not be decided',
      seconds: (performance.now() - since) / 1000,
      values: {},
      steps: [],
      findings: [finding({ ...flaw, expected: 'a lab that can be put in this state', received: error.hint })],
    };
  }
}

/** Where the lab is gone, what was made in it cannot be put away either; the first reason is the one to tell. */
export function firstReason(error: unknown): unknown {
  return error instanceof SuppressedError ? firstReason(error.suppressed) : error;
}

/** In `intact` the reader also pastes the page unfilled; in `interrupted` he begins again after each step in turn. */
async function passagesOf(options: RunOptions): Promise<Passage[]> {
  const { loaded, scenario, lane } = options;
  const { page } = loaded;
  const plain = await passage(options, {});
  if (plain.startsAgain) {
    const again: Passage[] = [];
    const steps = plain.results.slice(0, -1);
    for (const { id } of steps) {
      again.push(await passage(options, { interruptedAfter: id }));
      if (again.at(-1)?.flaws.length) break;
    }
    return [plain, ...again];
  }
  const exported = lane === 'reader' && scenario.name === 'intact' && page.parametersBlock !== undefined;
  if (!exported || plain.flaws.length > 0) return [plain];
  return [plain, await passage(options, { exported })];
}

async function passage(options: RunOptions, how: How): Promise<Passage & { startsAgain: boolean }> {
  const { loaded, scenario, world, signal } = options;
  const { page } = loaded;
  await using prepared = await prepareScenario(world, scenario.name, signal === undefined ? {} : { signal });
  const values = valuesOf(page, prepared);
  const watched = watchDestruction(world);
  const perform = (more: Partial<LaneOptions> = {}) =>
    performLane(options, { ...laneOptions(options, prepared, values), around: watched.around, ...more }, how.exported);
  const flaws: Flaw[] = [];
  // A page that stops must leave production as it was when it was begun: for the second time, if it was.
  let before = prepared.before;
  if (how.interruptedAfter !== undefined) {
    const begun = await perform({ upTo: how.interruptedAfter });
    flaws.push(...judgeSteps({ page, scenario: scenario.name, expected: { kind: 'done' }, results: begun, values }));
    before = await observe(world);
  }
  const since = performance.now();
  const recording = recorderFor(options, how);
  let results = await perform(recording === undefined ? {} : { recorder: recording });
  if (recording !== undefined) options.onRecording?.(recording.cast(page.title));
  const again = how.interruptedAfter !== undefined;
  // The first passage is not interrupted yet. Begun again, a page that stops may as well get to its end: what counts is
  // that nothing is lost.
  const toTheEnd = prepared.startsAgain && (!again || results.at(-1)?.flaw === undefined);
  const expected: Outcome = toTheEnd ? { kind: 'done' } : scenario.outcome;
  flaws.push(...judgeSteps({ page, scenario: scenario.name, expected, results, values }));
  let proving = loaded;
  if (flaws.length === 0 && expected.kind === 'fails') {
    const recovered = await recover(options, prepared, expected);
    proving = recovered.loaded;
    flaws.push(...recovered.flaws);
    results = [...results, ...recovered.results];
  }
  const seconds = (performance.now() - since) / 1000;
  flaws.push(...undeclared(page, results, (step) => declared(loaded, step, values)));
  const writer = lastWriter(page, results, watched.writers);
  if (again) {
    const original = await originalStillExists(world);
    if (!original.exists)
      flaws.push({
        ...writer,
        rule: 'original-lost',
        reason: `begun again after step "${how.interruptedAfter}", the original production’s content is nowhere any more`,
        expected: 'a database with the content that production had',
        received: original.reason,
      });
  }
  if (flaws.length === 0) {
    const outcome = expected.kind === 'fails' ? { kind: 'done' as const } : expected;
    const after = await observe(world);
    const begun = outcome.kind === 'stops' ? before : prepared.before;
    const faults = await proveOutcome({ page: proving.page, world, prepared, before: begun, after, outcome });
    const targets = page.steps.flatMap((step) => declared(loaded, step, values));
    const lost = faults.length > 0 ? [] : overwritten(prepared.before, after, targets);
    flaws.push(...[...faults, ...lost].map((fault) => ({ ...writer, ...fault })));
    if (flaws.length === 0 && outcome.kind === 'done') {
      flaws.push(...rtoFlaws(page, scenario.name, seconds));
      if (scenario.name === 'intact' && !how.exported) {
        const measured = { seconds, results, manifest: prepared.manifest };
        flaws.push(...factFlaws(page, measured, options.lane === 'reader'));
        const again = { page, scenario: scenario.name, world, prepared, values, first: after, perform };
        const targets = (step: Step) => declared(loaded, step, values);
        if (page.repeatable) flaws.push(...(await secondRun({ ...again, targets })));
      }
    }
  }
  return { results, flaws, seconds, values, startsAgain: prepared.startsAgain };
}

function laneOptions(options: RunOptions, prepared: Prepared, values: Record<string, string>): LaneOptions {
  const { loaded, world, limits, signal } = options;
  return {
    page: loaded.page,
    pageFile: loaded.file,
    values,
    environment: prepared.environment,
    folders: { toolbox: prepared.folder, host: prepared.hostFolder },
    ...(prepared.containers === undefined ? {} : { containers: prepared.containers }),
    lab: world.lab.kind,
    ...(limits === undefined ? {} : { limits }),
    ...(signal === undefined ? {} : { signal }),
  };
}

function performLane({ lane }: RunOptions, options: LaneOptions, exported = false): Promise<StepResult[]> {
  return lane === 'reader' ? performReader({ ...options, exported }) : performScript(options);
}

async function recover(options: RunOptions, prepared: Prepared, outcome: Extract<Outcome, { kind: 'fails' }>) {
  const { runbook, step } = outcome.recoverWith;
  const loaded = options.recoveries.get(runbook) ?? options.loaded;
  const values = valuesOf(loaded.page, prepared);
  const lane = { ...laneOptions({ ...options, loaded }, prepared, values), from: step };
  const results = await performLane(options, lane);
  const { name } = options.scenario;
  const flaws = judgeSteps({ page: loaded.page, scenario: name, expected: { kind: 'done' }, results, values });
  return { loaded, results, flaws };
}

/** In `intact`, pasted as the site's copy button gives it. */
function recorderFor({ onRecording, lane, scenario, world }: RunOptions, how: How): Recorder | undefined {
  if (onRecording === undefined || lane !== 'reader' || scenario.name !== 'intact' || how.exported) return undefined;
  return recorder({ columns: COLUMNS, rows: ROWS }, publishable(world.lab));
}

/** Notes what each step destroyed, and which steps wrote to the server at all. */
function watchDestruction(world: World) {
  const writers = new Set<string>();
  let before: Databases | undefined;
  return {
    writers,
    around: {
      async before() {
        before = await look(world);
      },
      async after(step: Step, result: StepResult) {
        const after = await look(world);
        if (before === undefined || after === undefined) return;
        if (changed(before, after)) writers.add(step.id);
        result.destroyed = gone(before, after);
      },
    },
  };
}

/** Undefined while the server does not answer: a scenario may have stopped it. */
async function look(world: World): Promise<Databases | undefined> {
  try {
    return await databasesOf(world);
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

function declared(loaded: LoadedPage, step: Step, values: Record<string, string>): Target[] {
  return loaded.scripts.get(step.id)?.destroys?.(values) ?? [];
}

function distinct(findings: Finding[]): Finding[] {
  const seen = new Set<string>();
  return findings.filter((finding) => {
    const key = JSON.stringify([finding.rule, finding.line, finding.column, finding.reason]);
    return !seen.has(key) && seen.add(key);
  });
}
