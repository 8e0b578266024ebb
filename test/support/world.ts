/** A lab with the small sample and a world in it, for tests about scenarios and proofs. */

import { createSample } from '../../src/lab/sample/create.ts';
import { connectAdmin } from '../../src/lab/scenarios/admin.ts';
import { labUp } from '../../src/lab/up.ts';
import { silent } from '../../src/progress.ts';
import { createWorld, type World } from '../../src/rehearsal/world.ts';

export type TestWorld = AsyncDisposable & {
  world: World;
  /** Runs SQL as the superuser and returns the last statement's rows. */
  sql(text: string, database?: string): Promise<Record<string, unknown>[]>;
};

/** `backend`: with the application running. */
export async function startWorld(options: { backend?: boolean } = {}): Promise<TestWorld> {
  await using stack = new AsyncDisposableStack();
  const lab = stack.use(await labUp({ report: silent }));
  await createSample(lab, { rows: 10_000 });
  if (options.backend === true) await lab.services.backend.start();
  const world = stack.use(await createWorld(lab));
  const held = stack.move();
  return {
    world,
    sql: (text, database = world.database) => sqlIn(world, text, database),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

export async function sqlIn(world: World, text: string, database: string): Promise<Record<string, unknown>[]> {
  await using client = await connectAdmin(world.settings.postgres, database);
  const result: unknown = await client.query(text);
  // Several statements give an array of results, which the driver's types do not say.
  const last = (Array.isArray(result) ? result.at(-1) : result) as { rows: Record<string, unknown>[] };
  return last.rows;
}
