/** The three facts above a runbook's steps: when it was rehearsed, how long it took, what it destroys. Words only. */
import type { PageView } from './page.ts';
import { date, duration } from './words.ts';

export type Facts = {
  rehearsal:
    | { state: 'rehearsed'; recordedAt: string; on: string; detail: string }
    | { state: 'failed' | 'not-rehearsed'; headline: string; detail: string };
  /** `share` of the promised time, at most 1; `over` when it took longer. */
  time: { headline: string; detail: string; share?: number; over: boolean };
  destroys: { headline: string; detail: string };
};

const LANES = { reader: 'by hand', script: 'by script' } as const;

export function factsOf(view: PageView): Facts {
  return { rehearsal: rehearsalOf(view), time: timeOf(view), destroys: destroysOf(view) };
}

function rehearsalOf({ transcript, unrehearsed }: PageView): Facts['rehearsal'] {
  if (transcript === undefined)
    return {
      state: 'not-rehearsed',
      headline: 'Not rehearsed',
      detail: unrehearsed ?? 'Nobody has recorded a rehearsal.',
    };
  const failed = transcript.results.filter(({ verdict }) => verdict === 'failed');
  const first = failed[0];
  if (first !== undefined)
    return {
      state: 'failed',
      headline: `Failed on ${date(transcript.recordedAt)}`,
      detail: `In ${failed.length} of ${transcript.results.length} rehearsals, first in “${first.scenario}”, ${LANES[first.lane]}: ${first.ended}.`,
    };
  const situations = new Set(transcript.results.map(({ scenario }) => scenario)).size;
  const lanes = [...new Set(transcript.results.map(({ lane }) => LANES[lane]))].sort().join(' and ');
  const versions = [...new Set(transcript.labs.map((lab) => lab.versions.postgres))].join(' and ');
  return {
    state: 'rehearsed',
    recordedAt: transcript.recordedAt,
    on: date(transcript.recordedAt),
    detail: [
      `${situations} ${situations === 1 ? 'situation' : 'situations'}`,
      lanes,
      ...(transcript.labs.length > 1 ? ['without and with Docker'] : []),
      `PostgreSQL ${versions}`,
    ].join(', '),
  };
}

function timeOf({ transcript, page: { rto } }: PageView): Facts['time'] {
  const objective = rto === undefined ? 'No objective is set' : `Objective ${duration(rto)}`;
  if (transcript === undefined) return { headline: 'Not measured', detail: objective, over: false };
  const took = duration(transcript.seconds);
  if (rto === undefined) return { headline: took, detail: objective, over: false };
  const over = transcript.seconds > rto;
  return {
    headline: `${took} of ${duration(rto)}`,
    detail: over ? 'Longer than the objective' : 'On the sample database, commands only',
    share: Math.min(1, transcript.seconds / rto),
    over,
  };
}

function destroysOf({ sections }: PageView): Facts['destroys'] {
  const first = sections.find(({ destroys }) => destroys.length > 0);
  if (first === undefined) return { headline: 'Nothing', detail: 'No step changes what exists' };
  const all = [...new Set(sections.flatMap(({ destroys }) => destroys))].join(', ');
  if (first.number === 1) return { headline: 'From step 1 on', detail: all };
  return { headline: `Nothing until step ${first.number}`, detail: `then ${all}` };
}
