import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { connect } from '../../src/postgres/connection.ts';
import { swap, undoSwap } from '../../src/restore/swap.ts';
import type { Settings } from '../../src/settings.ts';
import { otherSessions } from '../support/leftovers.ts';
import { type Services, startServices, until } from '../support/services.ts';

const SEED = 20_261_123;
const names = { from: 'shop_restored', to: 'shop', keep: 'shop_old' };
let services: Services;
let settings: Settings;

before(async () => {
  services = await startServices();
  settings = services.with({ postgres: { database: 'shop' } });
  for (const [name, word] of [
    ['shop', 'old'],
    ['shop_restored', 'new'],
  ] as const) {
    await services.database(name);
    await services.sql(`CREATE TABLE marker AS SELECT '${word}' AS word`, name);
  }
});
after(async () => services?.[Symbol.asyncDispose]());

/** A program that swaps. */
function swapping(): string {
  const module = new URL('../../src/restore/swap.ts', import.meta.url).href;
  const given = JSON.stringify({ postgres: settings.postgres });
  return `const { swap } = await import(${JSON.stringify(module)}); await swap(${given}, ${JSON.stringify(names)});`;
}

type State = 'before' | 'after';

/** Which of the two whole states the server is in; anything else fails. Every database lets everybody in. */
async function state(): Promise<State> {
  const rows = await services.sql(
    "SELECT datname, datallowconn FROM pg_database WHERE datname LIKE 'shop%' ORDER BY 1",
  );
  assert.ok(rows.every((row) => row.datallowconn));
  const found = rows.map((row) => String(row.datname));
  const [{ word } = {}] = await services.sql('SELECT word FROM marker', 'shop');
  const now = word === 'old' ? 'before' : 'after';
  assert.deepEqual(found, now === 'before' ? ['shop', 'shop_restored'] : ['shop', 'shop_old']);
  return now;
}

/** An application: pools that use the database without pause, and come back at once when they are thrown out. */
async function customers(
  count: number,
): Promise<AsyncDisposable & { served(): number; words: Set<unknown>; errors: Set<string> }> {
  let [open, served] = [true, 0];
  const words = new Set<unknown>();
  const errors = new Set<string>();
  const { host, port, user, password } = settings.postgres;
  const pools = Array.from({ length: count }, () => {
    const pool = new pg.Pool({ host, port, user, password, database: 'shop', max: 2 });
    pool.on('error', () => {});
    return pool;
  });
  const working = pools.map(async (pool) => {
    while (open) {
      try {
        const { rows } = await pool.query('SELECT word FROM marker');
        words.add(rows[0]?.word);
        served++;
      } catch (error) {
        errors.add(error instanceof Error && 'code' in error ? String(error.code) : String(error));
      }
    }
  });
  return {
    words,
    errors,
    served: () => served,
    async [Symbol.asyncDispose]() {
      open = false;
      await Promise.all(working);
      await Promise.all(pools.map((pool) => pool.end()));
    },
  };
}

describe('a swap', () => {
  test('and its undoing, twenty times under clients that reconnect without pause, never lose or halve anything', async () => {
    await using shop = await customers(4);
    for (let round = 0; round < 20; round++) {
      const { sessionsEnded } = await swap(settings, names);
      assert.equal(await state(), 'after');
      assert.ok(sessionsEnded >= 0);
      const sofar = shop.served();
      await until(() => shop.served() > sofar, 'the application goes on');
      assert.deepEqual(await undoSwap(settings, names).then(({ from, to, keep }) => ({ from, to, keep })), names);
      assert.equal(await state(), 'before');
    }
    assert.deepEqual(shop.words, new Set(['old', 'new']));
    // Thrown out, or sent away because the name has just changed; nobody is refused because a database is closed.
    const known = new Set(['57P01', '3D000', 'ECONNRESET', 'Error: Connection terminated unexpectedly']);
    assert.deepEqual(
      [...shop.errors].filter((code) => !known.has(code)),
      [],
    );
  });

  test('that is interrupted at any moment is wholly done or not at all', async () => {
    await using _shop = await customers(3);
    let seed = SEED;
    for (let round = 0; round < 12; round++) {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      const stop = new AbortController();
      const before = await state();
      const work = (before === 'before' ? swap : undoSwap)(settings, { ...names, signal: stop.signal });
      setTimeout(() => stop.abort(new Error('stopped')), seed % 60);
      const done = await work.then(
        () => true,
        (error: unknown) => {
          assert.match(String(error), /stopped/);
          return false;
        },
      );
      const now = await state();
      if (done) assert.notEqual(now, before);
    }
    if ((await state()) === 'after') await undoSwap(settings, names);
  });

  for (const how of ['interrupted', 'killed'] as const)
    test(`that is ${how} between its two renames has changed neither, and both databases are open`, async () => {
      await using other = await connect(settings.postgres, { database: 'postgres' });
      // Whoever renames a database holds its name until the end of the transaction: the swap's second rename waits for this one.
      await other.query('BEGIN; ALTER DATABASE shop_restored RENAME TO elsewhere');
      const waits = () =>
        until(async () => {
          const rows = await services.sql(
            "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'ALTER DATABASE \"shop_restored\"%'",
          );
          return rows.length === 1;
        }, 'the second rename waits');
      if (how === 'interrupted') {
        const stop = new AbortController();
        const work = swap(settings, { ...names, signal: stop.signal });
        const rejected = assert.rejects(work, /stopped/);
        await waits();
        stop.abort(new Error('stopped'));
        await rejected;
      } else {
        const child = spawn(process.execPath, ['--input-type=module', '--eval', swapping()], { stdio: 'ignore' });
        const closed = once(child, 'close');
        await waits();
        child.kill('SIGKILL');
        await closed;
      }
      await other.query('ROLLBACK');
      await until(
        async () => (await otherSessions(services)).every((one) => !one.includes('RENAME')),
        'the server has noticed',
      );
      assert.equal(await state(), 'before');
    });

  test('is refused as a whole where a name is taken, absent, too long or the same', async () => {
    const failing = (code: string) => (error: unknown) =>
      error instanceof Error && 'code' in error && error.code === code;
    await services.database('taken');
    await assert.rejects(swap(settings, { ...names, keep: 'taken' }), failing('database-exists'));
    await assert.rejects(swap(settings, { ...names, from: 'nowhere' }), failing('database-absent'));
    await assert.rejects(swap(settings, { ...names, keep: 'k'.repeat(64) }), failing('database-name'));
    await assert.rejects(swap(settings, { ...names, keep: 'shop' }), failing('database-name'));
    await assert.rejects(swap(settings, { ...names, to: 'postgres' }), failing('database-name'));
    assert.equal(await state(), 'before');
    await services.sql('DROP DATABASE taken');
  });

  test('by an owner who may not end a superuser’s session is refused in the server’s words, and all is as before', async () => {
    await services.sql(`CREATE ROLE plain LOGIN CREATEDB PASSWORD 'plain-Secret';
      ALTER DATABASE shop OWNER TO plain; ALTER DATABASE shop_restored OWNER TO plain`);
    const plain = services.with({ postgres: { database: 'shop', user: 'plain', password: 'plain-Secret' } });
    {
      await using exporter = await connect(settings.postgres, { database: 'shop' });
      await assert.rejects(swap(plain, names), /must be a superuser|permission denied/);
      assert.equal((await exporter.query('SELECT 1')).rowCount, 1);
      assert.equal(await state(), 'before');
    }
    await swap(plain, names);
    await undoSwap(plain, names);
    assert.equal(await state(), 'before');
  });
});
