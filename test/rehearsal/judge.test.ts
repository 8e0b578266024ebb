import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describeEnd, judgeSteps } from '../../src/rehearsal/judge.ts';
import { resultOf } from '../../src/rehearsal/performed.ts';
import type { StepResult } from '../../src/rehearsal/result.ts';
import type { Outcome } from '../../src/runbook/model.ts';
import { parsePage } from '../../src/runbook/parse.ts';

const page = parsePage(
  `---
title: Two steps
runbook:
  scenarios:
    intact: done
    damaged-backup: stops at second
---

\`\`\`bash step=first
true
\`\`\`

\`\`\`bash step=second
false
\`\`\`

\`\`\`text output=second on=stop
it is damaged
\`\`\`
`,
  'two.md',
);
const [first, second] = page.steps;
assert.ok(first && second);
const good = (step: typeof first): StepResult =>
  resultOf(step, { status: 0, output: step === second ? 'it is damaged\n' : '', seconds: 1 }, {});
const bad = (step: typeof first, output = 'it is damaged\n'): StepResult =>
  resultOf(step, { status: 1, output, seconds: 1 }, {});
const judge = (expected: Outcome, results: StepResult[], scenario: 'intact' | 'damaged-backup' = 'damaged-backup') =>
  judgeSteps({ page, scenario, expected, results, values: {} });

describe('the judge of a run', () => {
  const stops: Outcome = { kind: 'stops', at: 'second' };

  it('accepts a page that is done where it must be', () => {
    assert.deepEqual(judge({ kind: 'done' }, [good(first), good(second)], 'intact'), []);
  });

  it('accepts the stop that the scenario names', () => {
    assert.deepEqual(judge(stops, [good(first), bad(second)]), []);
    assert.equal(describeEnd([good(first), bad(second)]), 'stopped at second');
  });

  it('reports a failed step at its command where the page must be done', () => {
    const [flaw] = judge({ kind: 'done' }, [good(first), bad(second)], 'intact');
    assert.deepEqual([flaw?.rule, flaw?.line, flaw?.expected], ['command-failed', 14, 'status 0']);
  });

  it('reports a stop at another step at the scenario’s key', () => {
    const [flaw] = judge(stops, [bad(first)]);
    assert.deepEqual([flaw?.rule, flaw?.line, flaw?.column], ['scenario-stops-elsewhere', 6, 5]);
    assert.equal(flaw?.expected, 'stops at second');
    assert.match(flaw?.received ?? '', /^stopped at first \(line 10\)/);
  });

  it('reports that nothing stopped the reader at the scenario’s key', () => {
    const [flaw] = judge(stops, [good(first), good(second)]);
    assert.deepEqual([flaw?.rule, flaw?.line, flaw?.column], ['scenario-did-not-stop', 6, 5]);
  });

  it('compares the output of the stopping step only because it is marked on=stop', () => {
    const [flaw] = judge(stops, [good(first), bad(second, 'something else\n')]);
    assert.deepEqual([flaw?.rule, flaw?.line, flaw?.received], ['output-differs', 18, 'something else']);
    const unmarked = { ...page, steps: page.steps.map(({ output: _, ...step }) => step) };
    const results = [good(first), bad(second, 'something else\n')];
    assert.deepEqual(
      judgeSteps({ page: unmarked, scenario: 'damaged-backup', expected: stops, results, values: {} }),
      [],
    );
  });

  it('never takes a step that hangs for a legitimate stop', () => {
    const problem = { kind: 'waits', program: 'less', asks: ':' } as const;
    const [flaw] = judge(stops, [good(first), resultOf(second, { status: 1, output: '', seconds: 1, problem }, {})]);
    assert.equal(flaw?.rule, 'waits-for-key');
    assert.match(flaw?.reason ?? '', /less waits for a key/);
  });
});
