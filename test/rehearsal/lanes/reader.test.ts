import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { performReader } from '../../../src/rehearsal/lanes/reader.ts';
import type { Flaw } from '../../../src/rehearsal/result.ts';
import { bench } from '../support.ts';

/** The flaw that ends a page, without its sentence. */
async function flawOf(name: string): Promise<Pick<Flaw, 'rule' | 'line' | 'column' | 'expected' | 'received'>> {
  using table = bench();
  const results = await performReader(table.options(name));
  const flaw = results.at(-1)?.flaw;
  assert.ok(flaw, `${name} has no flaw`);
  const { rule, line, column, expected, received } = flaw;
  return { rule, line, column, ...(expected && { expected }), ...(received && { received }) };
}

describe('the reader’s lane', () => {
  it('pastes the page filled in, with nothing exported', async () => {
    using table = bench();
    const results = await performReader(table.options('plain/index.mdx'));
    assert.deepEqual(
      results.map(({ id, status, output, flaw }) => ({ id, status, output, flaw })),
      [
        { id: 'write', status: 0, output: 'written for freshtrack', flaw: undefined },
        { id: 'read', status: 0, output: 'for freshtrack', flaw: undefined },
      ],
    );
  });

  it('pastes it as written after the parameters block, and it does the same', async () => {
    using table = bench();
    const results = await performReader({ ...table.options('plain/index.mdx'), exported: true });
    assert.deepEqual(
      results.map(({ output, flaw }) => [output, flaw]),
      [
        ['written for freshtrack', undefined],
        ['for freshtrack', undefined],
      ],
    );
  });

  it('stops after the step it is told to stop at, and begins where it is told', async () => {
    using table = bench();
    const options = table.options('plain/index.mdx');
    assert.deepEqual(
      (await performReader({ ...options, upTo: 'write' })).map(({ id }) => id),
      ['write'],
    );
    assert.deepEqual(
      (await performReader({ ...options, from: 'read' })).map(({ id }) => id),
      ['read'],
    );
  });

  it('points at the first line of an output that differs', async () => {
    assert.deepEqual(await flawOf('wrong-output.mdx'), {
      rule: 'output-differs',
      line: 22,
      column: 1,
      expected: 'rows: 41',
      received: 'rows: 40',
    });
  });

  it('points at a command that failed in the middle, though the next line ran and its status was 0', async () => {
    assert.deepEqual(await flawOf('fails-in-the-middle.mdx'), {
      rule: 'command-failed',
      line: 17,
      column: 1,
      expected: 'status 0',
      received: "status 1: cp: cannot stat 'archive-that-is-not-here': No such file or directory",
    });
  });

  it('does not believe a status of 0 where the output says that it failed', async () => {
    assert.deepEqual(await flawOf('false-success.mdx'), {
      rule: 'false-success',
      line: 16,
      column: 1,
      expected: 'no line that reports an error (or errors="why" on the block)',
      received: 'pg_restore: warning: errors ignored on restore: 3',
    });
  });

  it('points at the line whose "!" bash took for its history', async () => {
    const { received, ...rest } = await flawOf('event-not-found.mdx');
    assert.deepEqual(rest, {
      rule: 'event-not-found',
      line: 17,
      column: 1,
      expected: 'a line without "!" outside single quotes',
    });
    assert.match(received ?? '', /!now: event not found/);
  });

  it('reports a block that closes the reader’s terminal', async () => {
    assert.equal((await flawOf('closes-terminal.mdx')).rule, 'shell-ended');
  });

  it('goes on to no further step after one that did not succeed', async () => {
    using table = bench();
    const options = table.options('plain/index.mdx');
    const [first, ...rest] = options.page.steps;
    assert.ok(first);
    const page = { ...options.page, steps: [{ ...first, command: 'false' }, ...rest] };
    const results = await performReader({ ...options, page });
    assert.deepEqual(
      results.map(({ id, status }) => [id, status]),
      [['write', 1]],
    );
  });
});
