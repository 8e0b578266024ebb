import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshness } from '../../src/runbook/freshness.ts';
import { parsePage } from '../../src/runbook/parse.ts';
import { parseTranscript, rehearsedHash, type Transcript } from '../../src/runbook/transcript.ts';

const text = `---
title: T
description: D
runbook:
  scenarios:
    intact: done
---

## One

\`\`\`bash step=one
echo a
\`\`\`

\`\`\`text output=one
a
\`\`\`
`;
const hash = (page: string, scripts: Record<string, string> = { one: 'x', two: 'y' }) =>
  rehearsedHash(parsePage(page, 'a.mdx'), scripts);

const transcript: Transcript = {
  schema: 1,
  runbook: 'restore',
  hash: hash(text),
  recordedAt: '2026-11-01T00:00:00.000Z',
  labs: [{ lab: 'local', versions: { postgres: '15.18', minio: 'x', mc: 'y' } }],
  seconds: 12,
  results: [{ scenario: 'intact', lane: 'reader', lab: 'local', verdict: 'passed', ended: 'done', seconds: 12 }],
  steps: [{ id: 'one', lab: 'local', seconds: 1, destroys: ['database shop'], output: 'a\n' }],
};

test('a transcript is read back as it was written', () => {
  assert.deepEqual(parseTranscript(JSON.stringify(transcript)), { transcript });
});

test('what is no transcript is refused with the reason', () => {
  assert.match(parseTranscript('{').reason ?? '', /JSON/);
  assert.match(parseTranscript('{}').reason ?? '', /schema/);
  assert.match(parseTranscript(JSON.stringify({ ...transcript, secret: 'x' })).reason ?? '', /secret/);
  assert.match(parseTranscript(JSON.stringify({ ...transcript, schema: 2 })).reason ?? '', /schema/);
});

test('the hash changes with commands, outputs, the runbook’s frontmatter and scripts', () => {
  const changed = [
    hash(text.replace('echo a', 'echo b')),
    hash(text.replace('\na\n', '\nb\n')),
    hash(text.replace('intact: done', 'intact: stops at one')),
    hash(text.replace('output=one', 'output=one on=stop')),
    hash(text.replace('step=one', 'step=one where=host')),
    hash(text, { one: 'z', two: 'y' }),
    hash(text, { one: 'x' }),
  ];
  assert.equal(new Set([hash(text), ...changed]).size, changed.length + 1);
});

test('the hash does not change with prose, places, line ends or the order of scripts', () => {
  for (const same of [
    text.replace('## One', '## Two\n\nProse.'),
    text.replaceAll('\n', '\r\n'),
    text.replace('bash step=one', 'bash title="x" step=one'),
  ])
    assert.equal(hash(same), hash(text));
  assert.equal(hash(text, { two: 'y', one: 'x' }), hash(text));
});

test('a rehearsal is fresh for 30 days, ageing for 90, then expired', () => {
  const after = (days: number) =>
    freshness(transcript, new Date(Date.parse(transcript.recordedAt) + days * 86_400_000));
  assert.deepEqual([0, 30, 30.01, 90, 90.01].map(after), ['fresh', 'fresh', 'ageing', 'ageing', 'expired']);
});

test('a page that changed since, or was never rehearsed, is not rehearsed', () => {
  const now = new Date('2026-11-02T00:00:00Z');
  assert.equal(freshness(transcript, now, hash(text)), 'fresh');
  assert.equal(freshness(transcript, now, hash(text.replace('echo a', 'echo b'))), 'not rehearsed');
  assert.equal(freshness(undefined, now), 'not rehearsed');
});

test('how many days are fresh is a setting', () => {
  assert.equal(freshness(transcript, new Date('2026-11-10T00:00:00Z'), undefined, { fresh: 7, ageing: 14 }), 'ageing');
});
