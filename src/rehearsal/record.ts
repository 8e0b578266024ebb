/** From a rehearsal that passed to the transcript that is committed beside its page. */
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Lab } from '../lab/lab.ts';
import { rehearsedHash, type Transcript, transcriptSchema } from '../runbook/transcript.ts';
import { secretsOf } from '../settings.ts';
import type { LoadedPage } from './pages.ts';
import type { PageResult, RunResult } from './result.ts';
import { describeTarget } from './step/definition.ts';

export type RecordOptions = { lab: Lab; recordedAt: string };

/** Undefined when the page was not run in `intact`, which is what its times and outputs are taken from. */
export function transcriptOf(
  loaded: LoadedPage,
  result: PageResult,
  { lab, recordedAt }: RecordOptions,
): Transcript | undefined {
  const measured = measuredRun(result.runs);
  if (measured === undefined || result.verdict !== 'passed') return undefined;
  const hide = hider(lab);
  return transcriptSchema.parse({
    schema: 1,
    runbook: result.runbook,
    hash: rehearsedHash(loaded.page, loaded.scriptTexts),
    recordedAt,
    labs: [{ lab: lab.kind, versions: lab.versions }],
    seconds: rounded(measured.seconds),
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
      output: hide(step.output),
    })),
  });
}

/** Writes it as JSON that two recordings of the same run write alike. */
export function writeTranscript(file: string, transcript: Transcript): string {
  const path = join(dirname(file), 'transcript.json');
  writeFileSync(path, `${JSON.stringify(transcript, null, 2)}\n`);
  return path;
}

/** A person's own pace is the reader's. */
function measuredRun(runs: RunResult[]): RunResult | undefined {
  const intact = runs.filter(({ scenario }) => scenario === 'intact');
  return intact.find(({ lane }) => lane === 'reader') ?? intact[0];
}

/** Declared, as templates: names of the rehearsal's databases would tell a reader nothing. */
function destroysOf({ scripts }: LoadedPage, id: string): string[] {
  const names = new Proxy<Record<string, string>>({}, { get: (_, name) => `\${${String(name)}}` });
  const targets = scripts.get(id)?.destroys?.(names) ?? [];
  return targets.filter(({ kind }) => kind === 'database').map(describeTarget);
}

/** Takes secrets and the lab's own folders out of a text: it is published. */
function hider(lab: Lab): (text: string) => string {
  const readers = (['administrator', 'plain-owner'] as const).map(
    (reader) => lab.environment(reader).POSTGRES_PASSWORD,
  );
  const secrets = [...secretsOf(lab.settings), ...readers].filter(
    (secret) => secret !== undefined && secret.length > 3,
  );
  return (text) => {
    let hidden = text;
    for (const secret of secrets) hidden = hidden.replaceAll(secret ?? '', '********');
    // The lab's folder lies somewhere on the machine that recorded this; its path means nothing elsewhere.
    return hidden
      .replaceAll(lab.folder, '…')
      .replaceAll(/(?<=^|[\s"'=:(])\/(?:tmp|root|home|work|var\/folders)\/[^\s"':)]*/gm, '…');
  };
}

/** To milliseconds. */
function rounded(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
