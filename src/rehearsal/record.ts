/** From a rehearsal that passed to the transcript that is committed beside its page. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Lab } from '../lab/lab.ts';
import { mergeTranscripts } from '../runbook/merge.ts';
import type { LabName } from '../runbook/model.ts';
import { parseTranscript, rehearsedHash, type Transcript, transcriptSchema } from '../runbook/transcript.ts';
import { hider } from './hide.ts';
import type { LoadedPage } from './pages.ts';
import type { PageResult, RunResult } from './result.ts';
import { describeTarget, templateTargets } from './step/definition.ts';

/** Paths below the folders where people and programs keep things of their own. */
const ABSOLUTE = /(?<=^|[\s"'=:(])\/(?:tmp|root|home|srv|var\/folders|Users)\/[^\s"':)]*/gm;

/** What a transcript says of the lab, and what it must not say. */
type Recorded = Pick<Lab, 'kind' | 'versions' | 'folder' | 'names' | 'environment'>;

export type RecordOptions = { lab: Recorded; recordedAt: string };

/** Undefined when the page was not run in `intact`, which is what its times and outputs are taken from. */
export function transcriptOf(
  loaded: LoadedPage,
  result: PageResult,
  { lab, recordedAt }: RecordOptions,
): Transcript | undefined {
  const measured = measuredRun(result.runs);
  if (measured === undefined || result.verdict !== 'passed') return undefined;
  const publish = publishable(lab);
  return transcriptSchema.parse({
    schema: 1,
    runbook: result.runbook,
    hash: rehearsedHash(loaded.page, loaded.scriptTexts),
    recordedAt,
    labs: [{ lab: lab.kind, versions: lab.versions }],
    seconds: rounded(measured.seconds),
    ...(loaded.page.rto === undefined ? {} : { promised: loaded.page.rto }),
    results: result.runs.map((run) => ({
      scenario: run.scenario,
      lane: run.lane,
      lab: run.lab,
      verdict: run.verdict,
      ended: run.ended,
      seconds: rounded(run.seconds),
    })),
    steps: measured.steps.map((step) => ({
      id: step.id,
      ...(step.lab === undefined ? {} : { lab: step.lab }),
      seconds: rounded(step.seconds),
      destroys: destroysOf(loaded, step.id),
      output: publish(step.output),
    })),
  });
}

/** Writes it as JSON that two recordings of the same run write alike; other labs' part of the same page stays. */
export function writeTranscript(file: string, transcript: Transcript): string {
  const path = join(dirname(file), 'transcript.json');
  const before = existsSync(path) ? parseTranscript(readFileSync(path, 'utf8')).transcript : undefined;
  writeFileSync(path, `${JSON.stringify(mergeTranscripts(before, transcript), null, 2)}\n`);
  return path;
}

/** Whether a lab's terminals are those that the page's recording shows: the first lab's of its transcript. */
export function leads(file: string, lab: LabName): boolean {
  const path = join(dirname(file), 'transcript.json');
  return parseTranscript(readFileSync(path, 'utf8')).transcript?.labs[0]?.lab === lab;
}

/** Beside the transcript, and as old as it is: without one, an earlier recording goes. */
export function writeRecording(file: string, cast: string | undefined): void {
  const path = join(dirname(file), 'recording.cast');
  if (cast === undefined) rmSync(path, { force: true });
  else writeFileSync(path, cast);
}

/** A person's own pace is the reader's. */
function measuredRun(runs: RunResult[]): RunResult | undefined {
  const intact = runs.filter(({ scenario }) => scenario === 'intact');
  return intact.find(({ lane }) => lane === 'reader') ?? intact[0];
}

/** Declared, as templates: names of the rehearsal's databases would tell a reader nothing. */
function destroysOf({ scripts }: LoadedPage, id: string): string[] {
  return templateTargets(scripts.get(id) ?? {})
    .filter(({ kind }) => kind === 'database')
    .map(describeTarget);
}

/** Takes the machine's own paths and secrets out of a text: it is published. */
export function publishable(lab: Pick<Lab, 'folder' | 'names' | 'environment'>): (text: string) => string {
  const hides = (['administrator', 'plain-owner'] as const).map((reader) => hider(lab.environment(reader)));
  const own = [lab.folder, ...lab.names];
  return (text) =>
    own
      .reduce(
        (rest, name) => rest.replaceAll(name, '…'),
        hides.reduce((rest, hide) => hide(rest), text),
      )
      .replaceAll(ABSOLUTE, '…');
}

/** To milliseconds. */
function rounded(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
