import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shellUse } from '../../src/runbook/variables.ts';

const reads = (command: string) => shellUse(command).reads.map(({ name }) => name);
const state = (command: string) => shellUse(command).state.map(({ name }) => name);

test('what a block reads before it sets it is found wherever it stands', () => {
  assert.deepEqual(reads('echo $A "${B:?}" $(cat "$C") $((D + 1))'), ['A', 'B', 'C', 'D']);
  assert.deepEqual(reads('psql <<SQL\n$A\nSQL'), ['A']);
  assert.deepEqual(reads("psql <<'SQL'\n$A\nSQL"), []);
  assert.deepEqual(reads("echo '$A' \\$B $? $1 $$"), []);
});

test('what the block sets itself is no reading of something unknown', () => {
  for (const command of [
    'A=1 && echo $A',
    'read -r A && echo $A',
    'for A in 1 2; do echo $A; done',
    'printf -v A x && echo $A',
    'export A=x && echo $A',
  ])
    assert.deepEqual(reads(command), [], command);
});

test('a variable set before a command is set for that command alone', () => {
  assert.deepEqual(reads('A=1 echo $A'), ['A']);
  assert.deepEqual(shellUse('A=1 echo x').sets, []);
});

test('what changes the shell beyond its block is found, and a subshell keeps it inside', () => {
  assert.deepEqual(state('cd x && set -e && trap y EXIT && alias a=b'), ['cd', 'set', 'trap', 'alias']);
  assert.deepEqual(state('( cd x && set -e )'), []);
  assert.deepEqual(state('echo "$(cd x && pwd)" && ls | (cd x; cat)'), []);
  assert.deepEqual(state('{ cd x; }'), ['cd']);
});

test('an exclamation mark that an interactive bash would expand is found', () => {
  const marks = (command: string) => shellUse(command).history.length;
  assert.equal(marks('echo "now!here"'), 1);
  for (const command of [
    "echo 'now!here'",
    '[ ! -f x ]',
    '[ a != b ]',
    'echo "now!"',
    'cat <<X\na!b\nX',
    'echo \\!x',
    'if ! true; then :; fi',
  ])
    assert.equal(marks(command), 0, command);
});
