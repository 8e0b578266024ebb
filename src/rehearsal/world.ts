/**
 * The world that a page is rehearsed in, for the rest of the rehearsal:
 *
 *   await using world = await createWorld(lab, { report });
 *   for (const { name } of page.scenarios) {
 *     await using prepared = await prepareScenario(world, name);
 *     … the lanes act, with valuesOf(page, prepared), prepared.environment and prepared.folder …
 *     const after = await observe(world);
 *     const faults = await proveOutcome({ page, world, prepared, before: prepared.before, after, outcome });
 *   }
 */
export { createWorld } from './world/create.ts';
export { observe } from './world/observe.ts';
export { originalStillExists } from './world/original.ts';
export { prepareScenario } from './world/prepare.ts';
export { resetWorld } from './world/reset.ts';
export type { Observation, ObservedDatabase, Prepared, World } from './world/types.ts';
export { valuesOf } from './world/values.ts';
