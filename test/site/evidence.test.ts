/** What a page says of a rehearsal in both labs, read as the site reads it. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { mergeTranscripts } from '../../src/runbook/merge.ts';
import type { LabName } from '../../src/runbook/model.ts';
import { parsePage } from '../../src/runbook/parse.ts';
import { rehearsedHash, type Transcript } from '../../src/runbook/transcript.ts';
import { factsOf } from '../../src/site/facts.ts';
import { readPage } from '../../src/site/page.ts';

const FILE = 'runbooks/stop/index.mdx';
const PAGE = `---
title: Stop it
description: A page with variants.
runbook:
  scenarios: { intact: done }
  proves: nothing-changed
---

## Look

\`\`\`bash step=look
date
\`\`\`

## Stop

\`\`\`bash step=stop where=host lab=local
drillbook lab stop backend
\`\`\`

\`\`\`bash step=stop where=host lab=compose
docker compose stop backend
\`\`\`
`;

let root: string;

before(() => {
  root = mkdtempSync(join(tmpdir(), 'drillbook-evidence-'));
  mkdirSync(join(root, 'runbooks/stop'), { recursive: true });
  writeFileSync(join(root, FILE), PAGE);
});
after(() => rmSync(root, { recursive: true }));

describe('the evidence of a page with variants', () => {
  it('says of each variant when it ran in its lab, and of a common step in which versions it ran', () => {
    publish(
      mergeTranscripts(recorded('local', '2026-11-20T10:00:00.000Z'), recorded('compose', '2026-11-23T10:00:00.000Z')),
    );
    assert.deepEqual(badges(), [
      ['look', undefined, 'Ran on 20 November 2026 with PostgreSQL 15.18 and 17.11 in 2 s'],
      ['stop', 'local', 'Ran on 20 November 2026 with PostgreSQL 15.18 in 2 s'],
      ['stop', 'compose', 'Ran on 23 November 2026 with PostgreSQL 17.11 in 3 s'],
    ]);
    const { rehearsal } = factsOf(readPage(FILE, root));
    assert.equal(rehearsal.detail, '1 situation, by hand, without and with Docker, PostgreSQL 15.18 and 17.11');
  });

  it('says of a variant whose lab was not rehearsed in that it was not', () => {
    publish(recorded('local', '2026-11-20T10:00:00.000Z'));
    assert.deepEqual(badges().at(-1), ['stop', 'compose', 'Not part of the last rehearsal']);
  });

  it('says of a failure in one lab nothing beside the other lab’s variant', () => {
    const failed = recorded('compose', '2026-11-23T10:00:00.000Z');
    for (const result of failed.results) Object.assign(result, { verdict: 'failed', ended: 'stopped at stop' });
    publish(mergeTranscripts(recorded('local', '2026-11-20T10:00:00.000Z'), failed));
    const [, local, compose] = badges();
    assert.match(String(local?.[2]), /^Ran on/);
    assert.match(String(compose?.[2]), /^Failed in the situation “intact”/);
  });
});

function badges() {
  return [...readPage(FILE, root).blocks.values()].map(({ step, lab, info }) => [
    step,
    lab,
    'badge' in info ? info.badge?.text : undefined,
  ]);
}

function publish(transcript: Transcript): void {
  writeFileSync(join(root, 'runbooks/stop/transcript.json'), JSON.stringify(transcript));
}

function recorded(lab: LabName, recordedAt: string): Transcript {
  const seconds = lab === 'local' ? 2 : 3;
  const step = { seconds, destroys: [], output: '' };
  const page = parsePage(readFileSync(join(root, FILE), 'utf8'), FILE, { repository: true });
  return {
    schema: 1,
    runbook: 'stop',
    hash: rehearsedHash(page, {}),
    recordedAt,
    labs: [{ lab, versions: { postgres: lab === 'local' ? '15.18' : '17.11', minio: '1', mc: '1' } }],
    seconds,
    results: [{ scenario: 'intact', lane: 'reader', lab, verdict: 'passed', ended: 'done', seconds }],
    steps: [
      { id: 'look', ...step },
      { id: 'stop', lab, ...step },
    ],
  };
}
