import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareOutput } from '../../src/runbook/output.ts';
import { parsePage } from '../../src/runbook/parse.ts';
import { promote } from '../../src/runbook/promote.ts';

const values = { BACKUP: 'shop_1.gz', DATABASE: 'shop' };
const front =
  '---\ntitle: T\nrunbook:\n  parameters:\n    BACKUP: { kind: backup }\n    DATABASE: { kind: database }\n---\n\n';
const pageWith = (output: string) =>
  `${front}\`\`\`bash step=one\necho one\n\`\`\`\n\nProse.\n\n\`\`\`text output=one\n${output}${output === '' ? '' : '\n'}\`\`\`\n\nEnd.\n`;
const promoted = (expected: string, output: string) => {
  const text = pageWith(expected);
  const page = parsePage(text, 'a.mdx');
  const result = promote(text, page, [{ id: 'one', output }], values);
  const start = pageWith('').split('```text output=one\n')[0] ?? '';
  assert.ok(result.startsWith(`${start}\`\`\`text output=one\n`) && result.endsWith('```\n\nEnd.\n'));
  return result.slice(`${start}\`\`\`text output=one\n`.length, -'```\n\nEnd.\n'.length).replace(/\n$/, '');
};

test('an output that no longer matches is written as it really was', () => {
  assert.equal(promoted('a\nb', 'a\nc\nd\n'), 'a\nc\nd');
  assert.equal(promoted('', 'a\n'), 'a');
});

test('elided lines stay elided where the rest still holds', () => {
  assert.equal(promoted('…\n3 rows', 'log 1\nlog 2\n4 rows\n'), '…\n4 rows');
  assert.equal(promoted('first\n…\nlast', 'first\nx\ny\nend'), 'first\n…\nend');
});

test('elisions within a line stay where their words still match', () => {
  assert.equal(promoted('restored …>0 tables in …s', 'restored 12 views in 3.4s'), 'restored …>0 views in …s');
});

test('an output never becomes nothing but an elision', () => {
  assert.equal(promoted('…\nb\n…', 'x\ny'), '…\nx\n…');
  assert.equal(promoted('…', 'x\ny'), '…');
});

test('a backup’s name is written back as the parameter, a database’s where it was before', () => {
  assert.equal(promoted('old', 'shop_1.gz: OK\nshop'), '$BACKUP: OK\nshop');
  assert.equal(
    promoted('$DATABASE is there', '${shop} shop_old and shop are there'),
    '${$DATABASE} ${DATABASE}_old and $DATABASE are there',
  );
});

test('several outputs change at once, and only their lines', () => {
  const text =
    '# T\n\n- x\n\n  ```bash step=one\n  echo\n  ```\n\n  ```text output=one\n  a\n  ```\n\n```bash step=two\necho\n```\n\n```text output=two\nb\nc\n```\n';
  const page = parsePage(text, 'a.md');
  const result = promote(text, page, [
    { id: 'one', output: 'A\nB\n' },
    { id: 'two', output: 'C\n' },
    { id: 'three', output: 'D' },
  ]);
  assert.equal(result, text.replace('  a\n', '  A\n  B\n').replace('b\nc\n', 'C\n'));
});

test('only the variant of the lab that ran is changed', () => {
  const block = (lab: string) =>
    `\`\`\`bash step=one lab=${lab}\necho\n\`\`\`\n\n\`\`\`text output=one lab=${lab}\n${lab}\n\`\`\`\n\n`;
  const text = block('local') + block('compose');
  const result = promote(text, parsePage(text, 'a.md'), [{ id: 'one', lab: 'compose', output: 'x\n' }]);
  assert.equal(result, text.replace('\ncompose\n', '\nx\n'));
});

test('line ends of Windows stay', () => {
  const text = pageWith('a').replaceAll('\n', '\r\n');
  const result = promote(text, parsePage(text, 'a.mdx'), [{ id: 'one', output: 'b\nc' }]);
  assert.equal(result, pageWith('b\nc').replaceAll('\n', '\r\n'));
});

const line = fc.constantFrom('a', 'b', 'a b', '3 rows', '0 rows', 'in 3 s', 'shop_1.gz: OK', '', 'x shop');
const pattern = fc.constantFrom('a', 'b', '…', '… rows', '…>0 rows', 'in …s', '$BACKUP: OK', 'a …', 'x $DATABASE', '');

test('promoting what already matches changes nothing, and what was promoted matches', () => {
  fc.assert(
    fc.property(fc.array(pattern, { maxLength: 6 }), fc.array(line, { maxLength: 6 }), (expected, output) => {
      const raw = `${output.join('\n')}\n`;
      const text = pageWith(expected.join('\n'));
      const page = parsePage(text, 'a.mdx');
      const once = promote(text, page, [{ id: 'one', output: raw }], values);
      if (compareOutput(page.steps[0]?.output?.text ?? '', raw, values).same) assert.equal(once, text);
      const again = parsePage(once, 'a.mdx');
      const comparison = compareOutput(again.steps[0]?.output?.text ?? '', raw, values);
      assert.deepEqual(comparison, { same: true });
      assert.equal(promote(once, again, [{ id: 'one', output: raw }], values), once);
    }),
    { numRuns: 400 },
  );
});
