import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { run } from '../../src/process.ts';
import { pasteFaults } from '../../src/runbook/paste.ts';

const unsafe = (command: string) =>
  pasteFaults(command)
    .faults.filter(({ kind }) => kind === 'destroys')
    .map(({ after, start }) => `${after.text} → ${command.slice(start).split('\n')[0]}`);

const SAFE = [
  'sha256sum -c x && dropdb y',
  '( set -euo pipefail\nsha256sum -c x\ndropdb y\n)',
  '( set -e; sha256sum -c x || { echo no; exit 1; }; dropdb y )',
  'if ! pg_isready; then exit 1; fi; dropdb x',
  'if [ -f x ]; then echo there; fi; dropdb x',
  'if pg_isready; then dropdb x; fi',
  'x=$(cat name) && dropdb "$x"',
  "psql <<S ||\nDROP TABLE x\nS\n{ psql -c 'SELECT 1'; false; }",
  'until pg_isready; do sleep 1; done && dropdb x',
  'echo "about to drop" ; dropdb x',
  'bash -c "pg_isready && dropdb x"',
];
for (const command of SAFE)
  test(`a block that stops at its failure is safe to paste: ${command.replaceAll('\n', ' ⏎ ')}`, () => {
    assert.deepEqual(unsafe(command), []);
  });

const UNSAFE: [string, string][] = [
  ['sha256sum -c x\ndropdb y', 'sha256sum -c x → dropdb y'],
  ['sha256sum -c x ; dropdb y', 'sha256sum -c x → dropdb y'],
  [': "${DATABASE:?}"\ndropdb y', ': "${DATABASE:?}" → dropdb y'],
  ['sha256sum -c x || true && dropdb y', 'sha256sum -c x → dropdb y'],
  ['( set -e; pg_restore -l x | tee y; dropdb y )', 'pg_restore -l x → dropdb y )'],
  ['( set -euo pipefail; pg_isready && echo up; dropdb y )', 'pg_isready → dropdb y )'],
  ['( set -e; pg_isready; dropdb y ) && echo done', 'pg_isready → dropdb y ) && echo done'],
  ['! pg_isready && dropdb y', 'pg_isready → dropdb y'],
  ['pg_isready & dropdb y', 'pg_isready → dropdb y'],
  ['dropdb "$(cat name)"', 'cat name → dropdb "$(cat name)"'],
  ['mc cat store/x.sql | psql && dropdb y', 'mc cat store/x.sql → dropdb y'],
  ['for x in a b; do pg_isready && dropdb $x; done', 'pg_isready → dropdb $x; done'],
  ['( set -e; for x in a b; do dropdb $x; ! pg_isready; done )', 'pg_isready → dropdb $x; ! pg_isready; done )'],
  ['( set -e; { { pg_isready && echo up; }; }; dropdb y )', 'pg_isready → dropdb y )'],
  ['bash -c "pg_isready; dropdb x"', 'pg_isready → "pg_isready; dropdb x"'],
  ['pg_isready\npsql -c "DROP DATABASE shop"', 'pg_isready → DROP DATABASE shop"'],
  ['pg_isready\nmc rm store/x', 'pg_isready → mc rm store/x'],
];
for (const [command, expected] of UNSAFE)
  test(`a destructive command that runs after a failure is found: ${command.replaceAll('\n', ' ⏎ ')}`, () => {
    assert.deepEqual(unsafe(command), [expected]);
  });

test('lines that go on after a failure are reported also where nothing is destroyed', () => {
  const { faults } = pasteFaults('mc ls store\npsql -l');
  assert.deepEqual(
    faults.map(({ kind, start }) => [kind, start]),
    [['goes-on', 12]],
  );
});

// `c` fails when it is its turn and says so; `dropdb` says that something was destroyed.
const PRELUDE = `
c() { if [ "$FAIL" = "$1" ]; then echo "failed $1" >&2; return 1; fi; }
dropdb() { c "$1" && echo "DESTROYED" >&2; }
`;
const shell = fc.letrec<Record<'statement' | 'list', string>>((tie) => ({
  statement: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(
      'c N',
      'c N',
      'dropdb N',
      'dropdb N',
      'c N | c N',
      '! c N',
      'x=$(c N)',
      'dropdb N "$(c N)"',
      'exit 1',
      'false',
    ),
    fc
      .tuple(tie('statement'), fc.constantFrom(' && ', ' && ', ' || ', ' &&\n'), tie('statement'))
      .map((parts) => parts.join('')),
    tie('list').map((all) => `( ${all}\n)`),
    tie('list').map((all) => `( set -e; ${all}\n)`),
    tie('list').map((all) => `( set -euo pipefail\n${all}\n)`),
    tie('list').map((all) => `{ ${all}\n}`),
    tie('list').map((all) => `{ ${all}\nfalse; }`),
    tie('list').map((all) => `if c N; then ${all}\nfi`),
    fc.tuple(tie('list'), tie('list')).map(([a, b]) => `if ! c N; then ${a}\nelse ${b}\nfi`),
    tie('list').map((all) => `for y in 1 2; do ${all}\ndone`),
  ),
  list: fc.array(tie('statement'), { minLength: 1, maxLength: 3 }).map((all) => all.join('\n')),
}));
const script = shell.list.map((text) => {
  let count = 0;
  return { text: text.replace(/\bN\b/g, () => String(++count)), count };
});

test('in a real bash, nothing is destroyed after a failure in any block that is called safe', {
  timeout: 120_000,
}, async () => {
  let judged = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(script, { minLength: 150, maxLength: 200 }), async (all) => {
      const safe = all.filter(({ text, count }) => count < 12 && text.includes('dropdb') && unsafe(text).length === 0);
      judged += safe.length;
      for (const { text, output } of await perform(safe))
        assert.doesNotMatch(output, /failed \d+\n(?:.*\n)*?DESTROYED/, text);
    }),
    // On a busy machine fewer runs must do.
    { numRuns: 10, interruptAfterTimeLimit: 40_000 },
  );
  assert.ok(judged > 0, `no block could be judged`);
});

/** Every block once for each command in it, that command failing; all in one bash, each in a subshell of its own. */
async function perform(scripts: { text: string; count: number }[]): Promise<{ text: string; output: string }[]> {
  const tries = scripts.flatMap(({ text, count }) =>
    Array.from({ length: count }, (_, index) => ({ text, fail: index + 1 })),
  );
  const input = tries.map(({ fail }, index) => `( FAIL=${fail}; eval "$C${index}" ) 2>&1; echo "=== end"`).join('\n');
  const env = { PATH: process.env.PATH, ...Object.fromEntries(tries.map(({ text }, index) => [`C${index}`, text])) };
  const ran = await run('bash', ['-c', `${PRELUDE}\n${input}`], { env, timeout: 60_000 });
  const outputs = ran.stdout.split('=== end\n');
  return tries.map(({ text, fail }, index) => ({ text: `FAIL=${fail}\n${text}`, output: outputs[index] ?? '' }));
}
