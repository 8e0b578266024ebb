#!/usr/bin/env zx
/**
 * The engine of the Compose stack by hand: `node scripts/engine.ts up` prints what to export, so that `docker compose` works on this
 * machine; `down` ends our own engine with everything in it.
 *
 *   eval "$(node scripts/engine.ts up)" && docker compose up --detach --wait
 */
import { work } from '../src/cli/command.ts';
import { Failure } from '../src/failure.ts';
import { keepEngine, provideEngine, stopEngine } from '../src/lab/engine/engine.ts';

const USAGE = 'node scripts/engine.ts up|down';

process.exitCode = await work(async ({ report, print, signal }) => {
  const [verb] = process.argv.slice(2);
  if (verb === 'down') {
    print((await stopEngine()) ? '# The engine and everything in it is gone.\n' : '# There is no engine of ours.\n');
    return 0;
  }
  if (verb !== 'up')
    throw new Failure('argument-wrong', { argument: `"${verb ?? ''}"`, reason: 'must be up or down', usage: USAGE });
  await using engine = await provideEngine({ report, signal });
  if (engine.own) keepEngine();
  for (const [name, value] of Object.entries({ ...engine.client, ...engine.images }))
    print(`export ${name}='${value}'\n`);
  return 0;
});
