import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mergeTranscripts } from '../../src/runbook/merge.ts';
import type { LabName } from '../../src/runbook/model.ts';
import { type Transcript, transcriptSchema } from '../../src/runbook/transcript.ts';

/** A recording in one lab: a step that is the same everywhere between two that are not. */
function recorded(lab: LabName, at: string, change: Partial<Transcript> = {}): Transcript {
  const step = { seconds: 1, destroys: [], output: `of ${lab}` };
  return {
    schema: 1,
    runbook: 'page',
    hash: 'a'.repeat(64),
    recordedAt: at,
    labs: [{ lab, versions: { postgres: lab === 'local' ? '15.18' : '17.11', minio: '1', mc: '1' } }],
    seconds: lab === 'local' ? 4 : 9,
    results: [{ scenario: 'intact', lane: 'reader', lab, verdict: 'passed', ended: 'done', seconds: 1 }],
    steps: [
      { id: 'stop', lab, ...step },
      { id: 'drop', ...step },
      { id: 'start', lab, ...step },
    ],
    ...change,
  };
}

const EARLY = '2026-11-20T10:00:00.000Z';
const LATE = '2026-11-23T10:00:00.000Z';

const stepsOf = ({ steps }: Transcript) => steps.map(({ id, lab, output }) => [id, lab, output]);
const BOTH = [
  ['stop', 'local', 'of local'],
  ['stop', 'compose', 'of compose'],
  ['drop', undefined, 'of local'],
  ['start', 'local', 'of local'],
  ['start', 'compose', 'of compose'],
];

describe('transcripts of several labs', () => {
  it('hold the variants of each lab, and the first lab’s figures for what is the same', () => {
    const merged = mergeTranscripts(recorded('local', EARLY), recorded('compose', LATE));
    assert.deepEqual(stepsOf(merged), BOTH);
    assert.deepEqual(
      merged.labs.map(({ lab, recordedAt, seconds, versions }) => [lab, recordedAt, seconds, versions.postgres]),
      [
        ['local', EARLY, 4, '15.18'],
        ['compose', LATE, 9, '17.11'],
      ],
    );
    assert.deepEqual(
      merged.results.map(({ lab }) => lab),
      ['local', 'compose'],
    );
    assert.equal(merged.seconds, 4);
    assert.deepEqual(transcriptSchema.parse(merged), merged);
  });

  it('are the same in whatever order the labs were recorded', () => {
    assert.deepEqual(
      mergeTranscripts(recorded('compose', LATE), recorded('local', EARLY)),
      mergeTranscripts(recorded('local', EARLY), recorded('compose', LATE)),
    );
  });

  it('are as old as their oldest part', () => {
    assert.equal(mergeTranscripts(recorded('local', EARLY), recorded('compose', LATE)).recordedAt, EARLY);
    assert.equal(mergeTranscripts(recorded('local', LATE), recorded('compose', EARLY)).recordedAt, EARLY);
  });

  it('get a lab anew without the other’s part changing', () => {
    const both = mergeTranscripts(recorded('local', EARLY), recorded('compose', EARLY));
    const failed = recorded('compose', LATE, { seconds: 20, results: [] });
    const again = mergeTranscripts(both, failed);
    assert.deepEqual(stepsOf(again), BOTH);
    assert.deepEqual(
      again.labs.map(({ recordedAt, seconds }) => [recordedAt, seconds]),
      [
        [EARLY, 4],
        [LATE, 20],
      ],
    );
    assert.deepEqual(
      again.results.map(({ lab }) => lab),
      ['local'],
    );
  });

  it('lose every part that is of another version of the page', () => {
    const other = recorded('compose', LATE, { hash: 'b'.repeat(64) });
    const merged = mergeTranscripts(recorded('local', EARLY), other);
    assert.deepEqual(
      merged.labs.map(({ lab }) => lab),
      ['compose'],
    );
    assert.equal(merged.recordedAt, LATE);
  });
});
