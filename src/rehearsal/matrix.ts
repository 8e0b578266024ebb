/** Pages × scenarios × lanes, in a lab, and what came of it. */

import { join } from 'node:path';
import { Failure } from '../failure.ts';
import type { Lab } from '../lab/lab.ts';
import type { Report } from '../progress.ts';
import type { Fault, ScenarioName } from '../runbook/model.ts';
import { againCommand, describeOutcome } from './judge.ts';
import { keepLogs } from './logs.ts';
import type { LoadedPage } from './pages.ts';
import {
  type Finding,
  LANES,
  type LaneName,
  type PageResult,
  type Rehearsal,
  type RunResult,
  worst,
} from './result.ts';
import { firstReason, runScenario } from './run.ts';
import type { Limits } from './terminal/terminal.ts';
import { createWorld, type World } from './world.ts';

export type RehearseOptions = {
  /** Undefined where no page can be run: what is wrong with the pages is told all the same. */
  lab: Lab | undefined;
  /** Without it, all that the page names. */
  scenarios?: ScenarioName[];
  lanes?: LaneName[];
  limits?: Partial<Limits>;
  report: Report;
  /** Where the services' logs are kept of runs that do not pass, a folder for each; without it they are not. */
  logs?: string;
  /** Told of each run as it ends. */
  onRun?: (page: PageResult, run: RunResult) => void;
  /** Given what the reader's terminals showed in `intact`, as asciicast. */
  onRecording?: (page: PageResult, cast: string) => void;
  signal?: AbortSignal;
};

/**
 * Runs pages one after the other. A page with an error is not run; its faults are its result.
 * @throws Failure lab-foreign; the signal's reason when aborted
 */
export async function rehearse(pages: LoadedPage[], options: RehearseOptions): Promise<Rehearsal> {
  try {
    return await rehearseAll(pages, options);
  } catch (error) {
    throw firstReason(error);
  }
}

async function rehearseAll(pages: LoadedPage[], options: RehearseOptions): Promise<Rehearsal> {
  const startedAt = new Date().toISOString();
  const since = performance.now();
  const results: PageResult[] = [];
  await using stack = new AsyncDisposableStack();
  let world: World | undefined;
  for (const loaded of pages) {
    const result = emptyResult(loaded);
    results.push(result);
    const runs = result.verdict === 'failed' ? [] : runsOf(loaded, options);
    if (runs.length === 0) continue;
    world ??= await worldOf(stack, options);
    await runAll(loaded, runs, result, { ...options, world, pages });
  }
  const seconds = (performance.now() - since) / 1000;
  return { startedAt, seconds, verdict: worst(results.map(({ verdict }) => verdict)), pages: results };
}

type Run = { scenario: LoadedPage['page']['scenarios'][number]; lane: LaneName };

function runsOf({ page }: LoadedPage, { lab, scenarios, lanes = [...LANES] }: RehearseOptions): Run[] {
  if (lab === undefined || !page.labs.includes(lab.kind)) return [];
  return page.scenarios
    .filter(({ name }) => scenarios?.includes(name) ?? true)
    .flatMap((scenario) => lanes.map((lane) => ({ scenario, lane })));
}

async function runAll(
  loaded: LoadedPage,
  runs: Run[],
  result: PageResult,
  options: RehearseOptions & { world: World; pages: LoadedPage[] },
): Promise<void> {
  const { world, pages, report, limits, onRecording, signal } = options;
  const recoveries = new Map(pages.map((page) => [page.page.name, page]));
  for (const { scenario, lane } of runs) {
    signal?.throwIfAborted();
    const expected = describeOutcome(scenario.outcome);
    report({ kind: 'stage', title: `${result.runbook}: ${scenario.name}, ${lane} lane, must end in “${expected}”` });
    const run = await runScenario({
      loaded,
      scenario,
      lane,
      world,
      recoveries,
      ...(limits === undefined ? {} : { limits }),
      ...(onRecording === undefined ? {} : { onRecording: (cast: string) => onRecording(result, cast) }),
      ...(signal === undefined ? {} : { signal }),
    });
    if (run.verdict !== 'passed' && options.logs !== undefined) {
      const name = [result.runbook, scenario.name, lane, run.lab].join('-');
      run.logs = await keepLogs(world.lab, join(options.logs, name));
    }
    result.runs.push(run);
    result.seconds += run.seconds;
    result.verdict = worst([result.verdict, run.verdict]);
    options.onRun?.(result, run);
  }
}

function emptyResult({ page }: LoadedPage): PageResult {
  const finding = (fault: Fault): Finding => ({ ...fault, path: page.path, again: againCommand(page.path) });
  const faults = page.faults.map(finding);
  return {
    path: page.path,
    runbook: page.name,
    title: page.title,
    verdict: faults.some(({ severity }) => severity === 'error') ? 'failed' : 'passed',
    faults,
    runs: [],
    illustrative: page.illustrative,
    seconds: 0,
    ...(page.rto === undefined ? {} : { promised: page.rto }),
  };
}

async function worldOf(stack: AsyncDisposableStack, { lab, report, signal }: RehearseOptions): Promise<World> {
  if (lab === undefined) throw new Failure('lab-missing');
  await onlyOwn(lab);
  return stack.use(await createWorld(lab, { report, ...(signal === undefined ? {} : { signal }) }));
}

/** The lab looks whether the server is the one that it made, or a rehearsal does not touch it. */
async function onlyOwn(lab: Lab): Promise<void> {
  const { host, port } = lab.settings.postgres;
  if (!(await lab.ownsServer())) throw new Failure('lab-foreign', { server: `${host}:${port}` });
}
