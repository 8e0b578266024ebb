import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { run } from '../../src/process.ts';
import { fill, placeholders, scan } from '../../src/runbook/fill.ts';
import { checkValue } from '../../src/runbook/parameters.ts';
import { fillParametersBlock } from '../../src/runbook/parameters-block.ts';

const values = { BACKUP: 'shop_1.gz', DATABASE: 'shop' };
const misuses = (command: string) =>
  scan(command, Object.keys(values)).misuses.map(({ start, name }) => `${start} ${name}`);

test('$NAME, ${NAME} and ${NAME:?…} are filled in as arguments, also inside double quotes', () => {
  assert.equal(
    fill('mc cp "store/$BUCKET/$BACKUP" ${DATABASE}_x "${BACKUP:?is not set}" .', values),
    'mc cp "store/$BUCKET/shop_1.gz" shop_x "shop_1.gz" .',
  );
});

test('an unquoted here-document is filled in, a quoted one is not', () => {
  assert.equal(fill('psql <<SQL\nDROP "$DATABASE"\nSQL', values), 'psql <<SQL\nDROP "shop"\nSQL');
  assert.equal(fill('psql <<\'SQL\'\nDROP "$DATABASE"\nSQL', values), 'psql <<\'SQL\'\nDROP "$DATABASE"\nSQL');
  assert.deepEqual(misuses('psql <<\'SQL\'\nDROP "$DATABASE"\nSQL'), ['19 DATABASE']);
});

test('arguments of commands inside $(…) and <(…) are filled in', () => {
  assert.equal(fill('echo "$(cat "$BACKUP")" <(cat $BACKUP)', values), 'echo "$(cat "shop_1.gz")" <(cat shop_1.gz)');
});

test('names without a value and longer names stay as they are', () => {
  assert.equal(fill('echo $BUCKET $DATABASE_restored', values), 'echo $BUCKET $DATABASE_restored');
});

test('a value is not glued to the name of another variable', () => {
  assert.deepEqual(misuses('ls "$BUCKET$BACKUP"'), ['11 BACKUP']);
  assert.deepEqual(misuses('ls "${BUCKET}$BACKUP" "$BUCKET/$BACKUP" "$DATABASE$BACKUP"'), []);
  assert.equal(fill('ls "$DATABASE$BACKUP"', values), 'ls "shopshop_1.gz"');
});

test('each place says which of a word and a here-document it is in', () => {
  const command = 'psql "$DATABASE" <<SQL\n$BACKUP\nSQL';
  assert.deepEqual(
    placeholders(command).map(({ start, end, name, place }) => [command.slice(start, end), name, place]),
    [
      ['$DATABASE', 'DATABASE', 'word'],
      ['$BACKUP', 'BACKUP', 'document'],
    ],
  );
});

for (const command of [
  'echo "${DATABASE%_*}"',
  'echo "${#DATABASE}"',
  'echo "${!DATABASE}"',
  'echo "${X:-$DATABASE}"',
  'echo $((DATABASE))',
  '$DATABASE --version',
  'X=$DATABASE true',
  'DATABASE=x',
  'cat ~$DATABASE',
  'echo a=~$DATABASE',
  'echo {a,$DATABASE}',
  'echo $DATABASE>file',
  'echo $DATABASE<file',
  "echo '$DATABASE'",
  "echo $'$DATABASE'",
  'echo "\\$DATABASE"',
  'unset DATABASE',
  'read -r DATABASE',
  'printenv DATABASE',
  'export DATABASE=x',
  'for DATABASE in a; do true; done',
  'for x in $DATABASE; do true; done',
  'case $DATABASE in a) ;; esac',
  '[[ $DATABASE = a ]]',
  '[ -v DATABASE ]',
  'echo [$DATABASE]',
  'cat <&$DATABASE',
])
  test(`a parameter in a place where a value would be read differently is a fault: ${command}`, () => {
    assert.equal(misuses(command).length, 1);
  });

test('a comment and other people’s names are no fault', () => {
  assert.deepEqual(misuses('echo "DROP DATABASE" # not $DATABASE\ncd ~/x/$DATABASE && echo DATABASE'), []);
});

test('the parameters block is filled in on the right side of its own exports', () => {
  assert.equal(
    fillParametersBlock('export BACKUP="$BACKUP" DATABASE=$DATABASE && echo "$BUCKET"', values),
    'export BACKUP="shop_1.gz" DATABASE=shop && echo "$BUCKET"',
  );
});

// Fragments of words: good ones, and ones that scan must refuse, since filled in they would do something else.
const GOOD = [
  '$A',
  '${B}',
  '"$A"',
  '"x ${B} y"',
  '"${A:?none}"',
  'x',
  "'q q'",
  '-',
  '.',
  '=',
  ':',
  '"$(printf %s "$B")"',
  '*',
];
const BAD = [
  "'$A'",
  '${A%?}',
  '${#B}',
  '~$A',
  '{a,$B}',
  '$((A))',
  '\\$A',
  '"\\${B}"',
  '[$A]',
  '${C:-$A}',
  '`echo $A`',
  "$'$B'",
];
const fragment = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...GOOD) },
  { weight: 1, arbitrary: fc.constantFrom(...BAD) },
);
const word = fc.array(fragment, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(''));
const words = fc.array(word, { minLength: 1, maxLength: 3 }).map((all) => all.join(' '));
const command = fc.oneof(
  words.map((all) => `printf '<%s>' ${all}`),
  words.map((all) => `printf '<%s>' ${all}>out`),
  words.map((all) => `printf '<%s>' x > "$A" ${all}`),
  words.map((all) => `cat <<END\n${all}\n$A \\$A "$B" $(echo "$B")\nEND`),
  words.map((all) => `cat <<'END'\n${all}\nEND`),
  words.map((all) => `cat <<< ${all}`),
  words.map((all) => `X=${all}`),
  words.map((all) => `unset A; echo ${all}`),
  words.map((all) => `( for x in ${all}; do echo "$x"; done )`),
  words.map((all) => `bash -c "echo ${all.replaceAll('"', '')}"`),
  words.map((all) => `[ ${all} ] && echo yes || echo no`),
);
const value = fc.oneof(
  fc.stringMatching(/^[a-z_][a-z0-9_]{0,8}$/).filter((text) => checkValue('database', text) === undefined),
  fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,8}$/).filter((text) => checkValue('backup', text) === undefined),
  fc.constantFrom('2', '1', 'a.b', '2026-11-20T02:00:00Z', 'if', 'x.-y', '7-'),
);

test('a command filled in does the same as the command with its variables exported', { timeout: 120_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'drillbook-fill-'));
  let compared = 0;
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 8, maxLength: 16 }), value, value, async (all, A, B) => {
        const right = all.filter((one) => scan(one, ['A', 'B']).misuses.length === 0);
        compared += right.filter((one) => placeholders(one).length > 0).length;
        const [filled, exported] = await Promise.all([
          perform(
            folder,
            right.map((one) => fill(one, { A, B })),
            {},
          ),
          perform(folder, right, { A, B }),
        ]);
        assert.equal(filled, exported);
      }),
      // On a busy machine fewer runs must do.
      { numRuns: 40, interruptAfterTimeLimit: 40_000 },
    );
  } finally {
    await rm(folder, { recursive: true });
  }
  assert.ok(compared > 0, `no command had anything to fill`);
});

/** Runs each command in a real bash and an empty folder: what it prints, its status, the files it leaves. */
async function perform(folder: string, commands: string[], variables: Record<string, string>): Promise<string> {
  const input = commands
    .map(
      (_one, index) =>
        `here=$(mktemp -d "$PWD/XXXXXX") && ( cd "$here" && eval "$C${index}"; echo " status $?"; head -n 99 -- * ) 2>&1 | sed -e "s#$here##g" -e 's/^.*: line [0-9]*: //'`,
    )
    .join('\n');
  const env = {
    PATH: process.env.PATH,
    HOME: '/nowhere',
    ...Object.fromEntries(commands.map((one, index) => [`C${index}`, one])),
    ...variables,
  };
  const ran = await run('bash', ['-c', input], { env, cwd: folder, timeout: 60_000 });
  return ran.stdout + ran.stderr;
}
