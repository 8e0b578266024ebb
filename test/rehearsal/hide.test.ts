import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hidden, hider } from '../../src/rehearsal/hide.ts';

const hide = hider({ PGPASSWORD: 'secret-word', MINIO_SECRET_KEY: 'secret-word-2' });

test('a secret is taken out of output, of what a guard said, and of what a program asked', () => {
  const performed = hidden(
    {
      status: 1,
      seconds: 1,
      output: 'it is secret-word-2',
      guard: 'not with secret-word',
      problem: { kind: 'waits', program: 'bash', asks: 'secret-word? ' },
    },
    hide,
  );
  assert.equal(JSON.stringify(performed).includes('secret'), false);
  assert.equal(performed.output, 'it is ********');
});

test('what is not there is not added', () => {
  assert.deepEqual(hidden({ status: 0, seconds: 1, output: 'fine' }, hide), { status: 0, seconds: 1, output: 'fine' });
});
