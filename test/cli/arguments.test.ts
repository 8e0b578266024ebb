import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drillbook } from '../support/command.ts';

const env = { PATH: process.env.PATH ?? '' };

test('a flag that is yes or no takes nothing else', async () => {
  const wrong = [
    ['drill', '--json=abc'],
    ['drill', '--json='],
    ['drill', '--require-manifest=1'],
    ['backups', '--json=yes'],
    ['prune', '--dry-run=no'],
    ['prove', 'x', '--json=TRUE'],
    ['prune', '--no-dry-run=false'],
    ['lab', 'status', '--json=0'],
    ['rehearse', 'no-such-page', '--promote=maybe'],
  ];
  const ran = await Promise.all(wrong.map((args) => drillbook(args, env)));
  for (const [i, { status, stderr }] of ran.entries()) {
    assert.equal(status, 2, `${wrong[i]}: ${stderr}`);
    assert.match(stderr, /\[argument-wrong\]/);
  }
  assert.match(ran[0]?.stderr ?? '', /--json: is yes or no: --json or --no-json, not "abc"/);
});

test('true and false are accepted, and only a flag that is yes or no can be negated', async () => {
  // With these the command line is right, and the next thing that is missing are the settings.
  const right = ['--json=true', '--json=false', '--json', '--no-json'].map((flag) => ['drill', flag]);
  const unknown = [
    ['prove', 'x', '--no-database'],
    ['drill', '-json'],
    ['lab', 'status', '--no-rows'],
  ];
  const [accepted, refused] = await Promise.all(
    [right, unknown].map((lines) => Promise.all(lines.map((args) => drillbook(args, env)))),
  );
  for (const { stderr } of accepted ?? []) assert.match(stderr, /\[settings-missing\]/);
  for (const { stderr } of refused ?? []) assert.match(stderr, /\[flag-unknown\]/);
});

test('a name that is nearly one is offered; one that is not leads nowhere, least of all to what removes', async () => {
  const [near, far, help] = await Promise.all(
    [['drilll'], ['run'], ['help', 'drill']].map((args) => drillbook(args, env)),
  );
  assert.match(near?.stderr ?? '', /Did you mean "drill"\?/);
  assert.match(far?.stderr ?? '', /\[command-unknown\]/);
  assert.doesNotMatch(far?.stderr ?? '', /Did you mean/);
  assert.match(help?.stdout ?? '', /USAGE drillbook drill /);
});
