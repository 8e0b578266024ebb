import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { messageOf } from '../../src/runbook/messages.ts';
import { parsePage } from '../../src/runbook/parse.ts';
import { checkAcross } from '../../src/runbook/repository.ts';

const folder = new URL('../fixtures/pages/', import.meta.url);
const read = (name: string) => readFileSync(new URL(name, folder), 'utf8');

const expected = new Map(
  read('wrong/expected.txt')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line): [string, string] => {
      const [name = '', faults = ''] = line.split(/: (.*)/s);
      return [name, faults];
    }),
);

test('every wrong page is in the table of expected faults, and the other way round', () => {
  const pages = readdirSync(new URL('wrong/', folder)).filter((name) => name.endsWith('.mdx'));
  assert.deepEqual(pages.sort(), [...expected.keys()].sort());
  assert.ok(pages.length >= 25);
});

for (const [name, faults] of expected)
  test(`the wrong page ${name} has its faults where they stand, and no others`, () => {
    const page = parsePage(read(`wrong/${name}`), name, { repository: name.startsWith('of-the-repository') });
    const found = page.faults.map(
      ({ line, column, rule, severity }) => `${line}:${column} ${rule}${severity === 'warning' ? ' (warning)' : ''}`,
    );
    assert.equal(found.join(', '), faults);
  });

test('a complete runbook has no fault under the stricter rules', () => {
  const page = parsePage(read('good/runbook.mdx'), 'runbooks/restore/index.mdx', { repository: true });
  assert.deepEqual(
    page.faults.map((fault) => messageOf(fault, page.path)),
    [],
  );
  assert.equal(page.name, 'restore');
  assert.equal(page.rto, 5400);
  assert.equal(page.repeatable, true);
  assert.equal(page.scenarios.length, 20);
  assert.deepEqual(page.proves, { kind: 'equal' });
  assert.deepEqual(
    page.steps.map(({ id, lab, where, heading }) => [id, lab, where, heading]),
    [
      ['download', undefined, 'toolbox', 'Download'],
      ['stop', 'compose', 'host', 'Stop'],
      ['stop', 'local', 'host', 'Stop'],
      ['create', undefined, 'toolbox', 'Create'],
    ],
  );
  assert.equal(page.illustrative, 1);
  assert.deepEqual(page.facts, { tables: '12 tables', archive: '1.4 MB ± 20 %', 'time.create': 'under 5 s' });
});

test('a block in a list is read without its indent, and its line and column are those of the page', () => {
  const text = read('good/runbook.mdx');
  const page = parsePage(text, 'x.mdx');
  const step = page.steps[0];
  assert.ok(step);
  assert.match(step.command, /^mc --quiet cp "store\/\$BUCKET\/\$BACKUP" \. &&\nmc /);
  const lines = text.split('\n');
  assert.match(lines[step.commandLine - 1] ?? '', /^ {3}mc --quiet cp/);
  assert.equal((lines[step.line - 1] ?? '').indexOf('step=') + 1, step.column);
});

test('an output marked on=stop and the reason for errors are kept with their step', () => {
  const step = parsePage(read('good/runbook.mdx'), 'x.mdx').steps.at(-1);
  assert.equal(step?.output?.onStop, true);
  assert.equal(step?.errors, 'the log of a waiting loop may say so');
});

test('a plain Markdown page elsewhere needs no frontmatter, and takes its title from its heading', () => {
  const page = parsePage(read('good/elsewhere.md'), 'elsewhere/restore.md');
  assert.deepEqual(page.faults, []);
  assert.equal(page.title, 'How we restore');
  assert.equal(page.name, 'elsewhere/restore');
  assert.equal(page.steps[0]?.command, 'echo one');
  assert.equal(page.steps[0]?.output?.text, 'one');
});

test('line ends of Windows change neither the bytes nor the places', () => {
  const text = read('good/runbook.mdx');
  assert.deepEqual(parsePage(text.replaceAll('\n', '\r\n'), 'x.mdx'), parsePage(text, 'x.mdx'));
});

test('the order of labels on a fence means nothing', () => {
  const page = (labels: string) => parsePage(`# T\n\n\`\`\`bash ${labels}\necho a\n\`\`\`\n`, 'x.md').steps[0];
  const { column: _a, ...one } = page('step=one where=host lab=local') ?? { column: 0 };
  const { column: _b, ...other } = page('lab="local" where=host step=one') ?? { column: 0 };
  assert.deepEqual(one, other);
});

test('a message is file, line, column, reason and rule on one line', () => {
  const page = parsePage(read('wrong/where-unknown.mdx'), 'docs/a.mdx');
  assert.equal(
    page.faults.map((fault) => messageOf(fault, page.path)).join('\n'),
    'docs/a.mdx:3:18 there is no value of where "toolbx", did you mean "toolbox"? (valid: host, toolbox) (label-value)',
  );
});

const runbook = (name: string, body: string) => parsePage(body, `runbooks/${name}/index.mdx`);
const block = (labels: string, text: string) => `\`\`\`bash ${labels}\n${text}\n\`\`\`\n`;

test('a quoted step must be the very bytes of the step', () => {
  const runbooks = new Map([['one', runbook('one', block('step=a', 'echo a &&\necho b'))]]);
  const check = (labels: string, text: string) => checkAcross(runbook('other', block(labels, text)), runbooks);
  assert.deepEqual(check('quotes=one/a', 'echo a &&\necho b'), []);
  assert.deepEqual(
    check('quotes=one/a', 'echo a && echo b').map(({ line, column, rule }) => [line, column, rule]),
    [[1, 9, 'quotes-differ']],
  );
  assert.match(check('quotes=one/b', 'echo')[0]?.reason ?? '', /there is no step "b".*valid: a/);
  assert.match(check('quotes=ome/a', 'echo')[0]?.reason ?? '', /there is no runbook "ome", did you mean "one"/);
});

test('a recovery must lead to a step of a runbook that exists', () => {
  const page = (outcome: string) =>
    runbook('x', `---\ntitle: T\nrunbook:\n  scenarios:\n    intact: ${outcome}\n---\n\n${block('step=a', 'echo a')}`);
  const runbooks = new Map([['one', runbook('one', block('step=a', 'echo a'))]]);
  assert.deepEqual(checkAcross(page('fails at a, recover with one#a'), runbooks), []);
  assert.deepEqual(checkAcross(page('fails at a, recover with x#a'), runbooks), []);
  const faults = [
    ...checkAcross(page('fails at a, recover with one#b'), runbooks),
    ...checkAcross(page('fails at a, recover with two#a'), runbooks),
  ];
  assert.deepEqual(
    faults.map(({ line, column, rule }) => [line, column, rule]),
    [
      [5, 5, 'scenario-recovery'],
      [5, 5, 'scenario-recovery'],
    ],
  );
});
