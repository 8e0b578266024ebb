import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { performScript } from '../../../src/rehearsal/lanes/script.ts';
import { type Bench, bench, ROOT } from '../support.ts';

/** A page with one step and the script beside it, in the bench's folder. */
function onePage(table: Bench, command: string, script: string) {
  const options = table.options('wrong-output.mdx');
  const [first] = options.page.steps;
  assert.ok(first);
  const pageFile = join(table.folder, 'page', 'index.mdx');
  mkdirSync(dirname(pageFile));
  writeFileSync(pageFile, `---\ntitle: One\n---\n\n\`\`\`bash step=only\n${command}\n\`\`\`\n`);
  writeFileSync(
    join(dirname(pageFile), 'only.ts'),
    `import { step } from '${join(ROOT, 'src/rehearsal/step.ts')}';\nexport default step(import.meta, ${script});\n`,
  );
  const { output: _, ...rest } = first;
  const only = { ...rest, id: 'only', command };
  return { ...options, page: { ...options.page, parameters: [], steps: [only] }, pageFile };
}

describe('the script lane', () => {
  it('runs the bytes of the block and takes the script’s own remarks for no output', async () => {
    using table = bench();
    const script = `{ before: [{ title: 'said aloud', reason: async () => { console.log('aside'); return undefined; } }] }`;
    const [result] = await performScript(onePage(table, 'echo "in $PWD"\necho oops >&2', script));
    assert.deepEqual([result?.status, result?.output, result?.flaw], [0, `in ${table.folder}\noops`, undefined]);
  });

  it('runs nothing when the guard refuses, and says why', async () => {
    using table = bench();
    const script = `{ before: [{ title: 'the moon is full', reason: async () => 'it is new' }] }`;
    const [result] = await performScript(onePage(table, 'touch ran', script));
    assert.equal(result?.flaw?.rule, 'guard-refused');
    assert.match(result?.flaw?.received ?? '', /not true that the moon is full: it is new/);
    assert.ok(!readdirSync(table.folder).includes('ran'));
  });

  it('does not believe a block that did what it said, when the script sees that it is not true', async () => {
    using table = bench();
    const [result] = await performScript(onePage(table, 'echo done', `{ after: async () => 'nothing is there' }`));
    assert.deepEqual(
      [result?.status, result?.flaw?.rule, result?.flaw?.received],
      [0, 'guard-refused', 'nothing is there'],
    );
  });

  it('refuses to destroy anything outside a lab', async () => {
    using table = bench();
    const script = `{ destroys: () => [{ kind: 'database', name: 'production' }] }`;
    const [result] = await performScript(onePage(table, 'touch ran', script));
    assert.match(result?.flaw?.received ?? '', /\[lab-missing\]/);
    assert.ok(!readdirSync(table.folder).includes('ran'));
  });

  it('ends what prints without end, as the other lane does', async () => {
    using table = bench();
    const options = { ...onePage(table, 'yes', '{}'), limits: { output: 50_000 } };
    const [result] = await performScript(options);
    assert.deepEqual([result?.flaw?.rule, result?.stuck], ['output-endless', true]);
  });

  it('ends what takes too long', async () => {
    using table = bench();
    const [result] = await performScript({ ...onePage(table, 'sleep 300', '{}'), limits: { timeout: 500 } });
    assert.deepEqual([result?.flaw?.rule, result?.stuck], ['step-timeout', true]);
  });

  it('gives a program that asks an end of input instead of an answer', async () => {
    using table = bench();
    const [result] = await performScript(onePage(table, 'read -r answer || echo "no answer"', '{}'));
    assert.equal(result?.output, 'no answer');
  });

  it('hides the reader’s secrets in what it saw', async () => {
    using table = bench();
    const options = onePage(table, 'echo "password=$POSTGRES_PASSWORD"', '{}');
    const environment = { ...options.environment, POSTGRES_PASSWORD: 'verysecretindeed' };
    const [result] = await performScript({ ...options, environment });
    assert.equal(result?.output, 'password=********');
  });

  it('leaves no file of its own behind', async () => {
    using table = bench();
    const usual = process.env.TMPDIR;
    process.env.TMPDIR = table.folder;
    try {
      await performScript(onePage(table, 'true', '{}'));
      assert.deepEqual(readdirSync(table.folder), ['page']);
    } finally {
      if (usual === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = usual;
    }
  });
});
