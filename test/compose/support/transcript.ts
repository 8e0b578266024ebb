/**
 * Transcripts of pages that a running lab cannot rehearse: one begins before there is a stack, the other when the toolbox is down.
 * With DRILLBOOK_RECORD they are written, without it the committed one must be of this very text.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { builtFrom, versionOf } from '../../../src/lab/programs/minio.ts';
import type { LoadedPage } from '../../../src/rehearsal/pages.ts';
import { transcriptOf, writeTranscript } from '../../../src/rehearsal/record.ts';
import type { LaneName, RunResult, StepResult } from '../../../src/rehearsal/result.ts';
import { parseTranscript, rehearsedHash } from '../../../src/runbook/transcript.ts';
import type { Stack } from './stack.ts';

export type Versions = { postgres: string; minio: string; mc: string };

/** While the stack is up. */
export async function versionsOf(stack: Stack): Promise<Versions> {
  const { stdout } = await stack.docker('exec', stack.containers.postgres, 'postgres', '--version');
  return {
    postgres: /\d+\.\d+/.exec(stdout)?.[0] ?? assert.fail(stdout),
    minio: await versionIn(stack, 'minio', stack.containers.minio, '/usr/bin/minio'),
    mc: await versionIn(stack, 'mc', stack.containers.backup, '/usr/local/bin/mc'),
  };
}

/** A release names itself; a program that Go built from its source is asked by its file. */
async function versionIn(stack: Stack, name: 'minio' | 'mc', container: string, path: string): Promise<string> {
  const said = versionOf(name, (await stack.docker('exec', container, name, '--version')).stdout) ?? '';
  if (said.startsWith('RELEASE.')) return said;
  const folder = mkdtempSync(join(tmpdir(), 'drillbook-version-'));
  try {
    const copied = await stack.docker('cp', `${container}:${path}`, join(folder, name));
    assert.equal(copied.status, 0, copied.stderr);
    return await builtFrom(join(folder, name), name);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function runOf(lane: LaneName, steps: StepResult[]): RunResult {
  return {
    scenario: 'intact',
    lane,
    lab: 'compose',
    expected: { kind: 'done' },
    verdict: steps.some(({ flaw }) => flaw !== undefined) ? 'failed' : 'passed',
    ended: 'done',
    seconds: steps.reduce((sum, { seconds }) => sum + seconds, 0),
    values: {},
    steps,
    findings: [],
  };
}

/** @throws AssertionError when the committed transcript is of another text */
export function keepTranscript(loaded: LoadedPage, runs: RunResult[], stack: Stack, versions: Versions): void {
  const { page, file, scriptTexts } = loaded;
  if (process.env.DRILLBOOK_RECORD) {
    const result = {
      path: page.path,
      runbook: page.name,
      title: page.title,
      verdict: 'passed' as const,
      faults: [],
      runs,
      illustrative: page.illustrative,
      seconds: 0,
    };
    const lab = {
      kind: 'compose' as const,
      versions,
      folder: dirname(file),
      names: [stack.project],
      environment: () => ({}),
    };
    const transcript = transcriptOf(loaded, result, { lab, recordedAt: new Date().toISOString() });
    assert.ok(transcript);
    writeTranscript(file, transcript);
  }
  const committed = join(dirname(file), 'transcript.json');
  assert.ok(existsSync(committed), 'there is no transcript: DRILLBOOK_RECORD=1 npm run test:compose');
  const { transcript, reason } = parseTranscript(readFileSync(committed, 'utf8'));
  assert.equal(reason, undefined);
  assert.equal(transcript?.hash, rehearsedHash(page, scriptTexts), 'the page has changed since it was recorded');
}
