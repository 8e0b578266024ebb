import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { run } from '../../../src/process.ts';
import { destroysTemplate } from '../../../src/rehearsal/step/definition.ts';
import { database, file } from '../../../src/rehearsal/step.ts';
import { bench, FIXTURES, ROOT } from '../support.ts';

const ZX = join(ROOT, 'node_modules/.bin/zx');
const NODE = join(ROOT, 'node_modules/.bin');

/** Starts a step's script as a person does, in a folder of its own. */
async function perform(
  script: string,
  args: string[] = [],
  env: Record<string, string> = {},
  prepare = (_: string) => {},
) {
  using table = bench();
  prepare(table.folder);
  const ran = await run(ZX, [join(FIXTURES, 'plain', script), ...args], {
    cwd: table.folder,
    env: { PATH: `${NODE}:/usr/bin:/bin`, HOME: table.folder, ...env },
    timeout: 60_000,
  });
  const note = join(table.folder, 'note');
  return { ...ran, note: existsSync(note) ? readFileSync(note, 'utf8') : undefined };
}

describe('a step’s script, started alone', () => {
  it('runs the published bytes, with the parameters from the environment and the page’s defaults', async () => {
    const confirmed = await perform('write.ts', ['--confirm=note-freshtrack']);
    assert.deepEqual([confirmed.status, confirmed.stdout], [0, 'written for freshtrack\n']);
    assert.equal(confirmed.note, 'for freshtrack\n');
    const named = await perform('write.ts', ['--confirm=note-pagila'], { DATABASE: 'pagila' });
    assert.deepEqual([named.status, named.note], [0, 'for pagila\n']);
  });

  it('destroys nothing unless the name was given, and says what to give', async () => {
    const { status, stderr, note } = await perform('write.ts');
    assert.equal(status, 2);
    assert.match(stderr, /This destroys file .*note-freshtrack/);
    assert.match(stderr, /\[step-unconfirmed\]\n.*--confirm=note-freshtrack/);
    assert.equal(note, undefined);
  });

  it('does not take another name for the confirmation', async () => {
    const { status, note } = await perform('write.ts', ['--confirm=note-other']);
    assert.deepEqual([status, note], [2, undefined]);
  });

  it('fails where the output is not what the page promises, and says what was expected', async () => {
    const { status, stderr } = await perform('read.ts', [], {}, (folder) =>
      writeFileSync(join(folder, 'note'), 'other\n'),
    );
    assert.equal(status, 1);
    assert.match(stderr, /index\.mdx:34:1 .*Expected: for …\. Received: other \[step-failed\]/);
  });

  it('refuses a parameter that is not of its kind, before anything runs', async () => {
    const { status, stderr, note } = await perform('write.ts', ['--confirm=note-postgres'], { DATABASE: 'postgres' });
    assert.equal(status, 2);
    assert.match(stderr, /DATABASE \(this database is PostgreSQL’s own\)/);
    assert.equal(note, undefined);
  });

  it('refuses a flag it does not know', async () => {
    const { status, stderr } = await perform('read.ts', ['--force']);
    assert.equal(status, 2);
    assert.match(stderr, /does not know --force/);
  });

  it('explains itself with --help and runs nothing', async () => {
    const { status, stdout, note } = await perform('write.ts', ['--help']);
    assert.equal(status, 0);
    assert.match(stdout, /DESTROYS.*\n {2}file note-\$\{DATABASE\}/);
    assert.match(stdout, /echo "for \$DATABASE" > note/);
    assert.equal(note, undefined);
  });
});

describe('what a step destroys', () => {
  it('can be read as a template without values', () => {
    const destroys = ({ DATABASE }: Record<string, string>) => [database(`${DATABASE}_restored`), file('list')];
    assert.deepEqual(destroysTemplate({ destroys }), ['database ${DATABASE}_restored', 'file list']);
  });
});
