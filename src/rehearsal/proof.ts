/**
 * Whether the world ended as the page promises, seen from outside: whatever the page printed, only what the server and
 * the store hold counts.
 */
import { fillText } from '../runbook/elision.ts';
import type { Outcome, Page } from '../runbook/model.ts';
import { bystanderFaults, leftoverFaults, objectFaults, serverFaults } from './proof/around.ts';
import { copyFaults, equalFaults, tablesFaults } from './proof/content.ts';
import type { EndFault } from './proof/fault.ts';
import { unchangedFaults } from './proof/unchanged.ts';
import { type Observation, type Prepared, valuesOf, type World } from './world.ts';

export { destroyed } from './proof/destroyed.ts';
export type { EndFault } from './proof/fault.ts';
export { differentEndFaults } from './proof/same-end.ts';

export type Proof = {
  page: Pick<Page, 'parameters' | 'proves' | 'leaves'>;
  world: World;
  prepared: Prepared;
  before: Observation;
  after: Observation;
  /** `fails` is judged after the recovery, as `done`; without one only what lies around production is judged. */
  outcome: Outcome;
};

/** Everything that is not as it should be; empty: the end is right. */
export async function proveOutcome(proof: Proof): Promise<EndFault[]> {
  const { page, prepared, before, after, outcome } = proof;
  const values = valuesOf(page, prepared);
  const fill = (text: string) => fillText(text, values);
  const parameter = page.parameters.find(({ kind }) => kind === 'database')?.name;
  const production = (parameter === undefined ? undefined : values[parameter]) ?? prepared.database;
  const { proves } = page;
  const leaves = [...page.leaves.map(fill), ...(proves.kind === 'copy' ? [fill(proves.database)] : [])];
  const around = [
    ...leftoverFaults(before, after, [...leaves, production]),
    ...bystanderFaults(before, after, [...leaves, production]),
    ...serverFaults(before, after),
    ...objectFaults(before, after),
  ];
  if (outcome.kind === 'fails') return around;
  if (outcome.kind === 'stops') return [...unchangedFaults(before, after, production), ...around];
  const expected = { ...proof, production, expected: prepared.manifest.content };
  switch (proves.kind) {
    case 'equal':
      return [...(await equalFaults(expected)), ...around];
    case 'nothing-changed':
      return [...unchangedFaults(before, after, production), ...nothingAdded(before, after), ...around];
    case 'copy':
      return [
        ...unchangedFaults(before, after, production),
        ...(await copyFaults({ ...expected, copy: fill(proves.database) })),
        ...around,
      ];
    case 'tables':
      return [...(await tablesFaults({ ...expected, tables: proves.tables.map(fill) })), ...around];
    case 'script':
      return around;
  }
}

/** A drill leaves its verdict beside the backup, and the agent its state; nothing else is new. */
function nothingAdded(before: Observation, after: Observation): EndFault[] {
  const had = new Set(before.objects?.map(({ name }) => name));
  const added = (after.objects ?? []).filter(
    ({ name }) => !had.has(name) && !/\.drill\.[^/]*\.json$|^\.drillbook\//.test(name),
  );
  return added.map(({ name }) => ({
    rule: 'end-object-added',
    reason: `the object ${name} is new in the bucket, and the page promises that nothing changes`,
  }));
}
