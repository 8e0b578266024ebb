/** A step works on the database that the steps before it saw, and on no other that has its name now. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { spawn } from '@lydell/node-pty';
import type { Lab } from '../../../src/lab/lab.ts';
import { labUp } from '../../../src/lab/up.ts';
import { connect } from '../../../src/postgres/connection.ts';
import { run } from '../../../src/process.ts';
import { silent } from '../../../src/progress.ts';
import { FIXTURES, ROOT } from '../support.ts';

const ZX = join(ROOT, 'node_modules/.bin/zx');
const STEPS = join(FIXTURES, 'identity');

describe('the identity of a database', () => {
  let lab: Lab;
  let folder: string;
  before(async () => {
    lab = await labUp({ report: silent });
  });
  after(() => lab?.down());
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'drillbook-identity-'));
    await onServer('DROP DATABASE IF EXISTS scratch', 'CREATE DATABASE scratch');
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const environment = () => {
    const env = lab.environment('administrator');
    return { ...env, PATH: `${join(ROOT, 'node_modules/.bin')}:${env.PATH}` };
  };
  const perform = (step: string, ...args: string[]) =>
    run(ZX, [join(STEPS, `${step}.ts`), ...args], { cwd: folder, env: environment(), timeout: 60_000 });
  const onServer = async (...statements: string[]) => {
    await using server = await connect(lab.settings.postgres, { database: 'postgres' });
    for (const statement of statements) await server.query(statement);
  };
  const oid = async () => {
    await using server = await connect(lab.settings.postgres, { database: 'postgres' });
    const { rows } = await server.query<{ oid: number }>("SELECT oid FROM pg_database WHERE datname = 'scratch'");
    return rows[0]?.oid;
  };
  const replaced = () => onServer('DROP DATABASE scratch', 'CREATE DATABASE scratch');

  it('is what a page’s own steps leave, whatever they make and drop themselves', async () => {
    for (const step of ['look', 'again', 'again', 'host', 'remove']) {
      const { status, stderr } = await perform(step, '--confirm=scratch');
      assert.equal(status, 0, `${step}: ${stderr}`);
    }
    assert.equal(await oid(), undefined);
  });

  it('stops a step when somebody else made another database under the name, and nothing is touched', async () => {
    assert.equal((await perform('look')).status, 0);
    const was = await oid();
    await replaced();
    const now = await oid();
    const { status, stderr } = await perform('remove', '--confirm=scratch');
    assert.equal(status, 1);
    assert.match(stderr, new RegExp(`"look" left with oid ${was}, is another one now \\(oid ${now}\\).*step-refused`));
    assert.equal(await oid(), now);
  });

  it('stays known over steps that do not ask for it, until somebody begins at the top again', async () => {
    assert.equal((await perform('look')).status, 0);
    await onServer('DROP DATABASE scratch');
    assert.equal((await perform('host')).status, 0);
    const refused = await perform('again', '--confirm=scratch');
    assert.deepEqual([refused.status, /is gone/.test(refused.stderr)], [1, true]);
    await onServer('CREATE DATABASE scratch');
    assert.equal((await perform('look')).status, 0);
    assert.equal((await perform('remove', '--confirm=scratch')).status, 0);
  });

  it('is asked for again after a person has typed the name', async () => {
    const terminal = spawn(ZX, [join(STEPS, 'remove.ts')], { cwd: folder, env: environment(), cols: 120, rows: 40 });
    let shown = '';
    const asked = new Promise<void>((resolve) => {
      terminal.onData((text) => {
        shown += text;
        if (shown.includes('to go on')) resolve();
      });
    });
    const ended = new Promise<number>((resolve) => terminal.onExit(({ exitCode }) => resolve(exitCode)));
    await Promise.race([asked, ended]);
    await replaced();
    const now = await oid();
    terminal.write('scratch\r');
    assert.equal(await ended, 1, shown);
    assert.match(shown, /not the one that was shown/);
    assert.equal(await oid(), now);
  });
});
