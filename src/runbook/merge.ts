/** PURE. One transcript of rehearsals in several labs: one lab is recorded without rehearsing in the others again. */
import type { LabName } from './model.ts';
import type { Transcript } from './transcript.ts';

/** The lab whose times and outputs stand for the steps that are the same everywhere comes first. */
const ORDER: LabName[] = ['local', 'compose'];

/**
 * What was recorded before stays for the labs that `added` is not about, when it is of the very same page.
 * @returns dated as its oldest part: a page is as fresh as the lab in which it was rehearsed longest ago
 */
export function mergeTranscripts(before: Transcript | undefined, added: Transcript): Transcript {
  const renewed = new Set(added.labs.map(({ lab }) => lab));
  const others = before?.hash === added.hash ? before.labs.filter(({ lab }) => !renewed.has(lab)) : [];
  if (before === undefined || others.length === 0) return { ...added, labs: labsOf(added) };
  const kept = new Set(others.map(({ lab }) => lab));
  const labs = [...labsOf({ ...before, labs: others }), ...labsOf(added)].sort(byOrder);
  const [leading] = labs;
  const common = leading !== undefined && kept.has(leading.lab) ? before : added;
  const variants = [
    ...before.steps.filter(({ lab }) => lab !== undefined && kept.has(lab)),
    ...added.steps.filter(({ lab }) => lab !== undefined && renewed.has(lab)),
  ].sort(byOrder);
  const ids = new Set([...common.steps, ...variants].map(({ id }) => id));
  return {
    ...common,
    recordedAt: labs.map(({ recordedAt }) => recordedAt).sort()[0] ?? added.recordedAt,
    labs,
    seconds: leading?.seconds ?? common.seconds,
    results: [...before.results.filter(({ lab }) => kept.has(lab)), ...added.results].sort(byOrder),
    steps: [...ids].flatMap((id) => [
      ...common.steps.filter((step) => step.id === id && step.lab === undefined),
      ...variants.filter((step) => step.id === id),
    ]),
  };
}

/** Each lab with its own time, which a transcript of one lab says once for all. */
function labsOf({ labs, recordedAt, seconds }: Transcript) {
  return labs.map((lab) => ({ ...lab, recordedAt: lab.recordedAt ?? recordedAt, seconds: lab.seconds ?? seconds }));
}

function byOrder(a: { lab?: LabName | undefined }, b: { lab?: LabName | undefined }): number {
  return ORDER.indexOf(a.lab ?? 'local') - ORDER.indexOf(b.lab ?? 'local');
}
