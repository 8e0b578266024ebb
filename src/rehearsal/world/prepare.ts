/** Puts a world in a scenario's state and gives the reader what belongs to it. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Reader } from '../../lab/local/readers.ts';
import { connectAdmin } from '../../lab/scenarios/admin.ts';
import { SCENARIO_STATES } from '../../lab/scenarios/index.ts';
import type { Stage } from '../../lab/scenarios/scenario.ts';
import type { ScenarioName } from '../../runbook/model.ts';
import { openStore } from '../../store/store.ts';
import { takeKept } from './backups.ts';
import { manifestOf } from './create.ts';
import { observe } from './observe.ts';
import { readerFor } from './reader.ts';
import { resetWithoutApplication } from './reset.ts';
import type { Prepared, World } from './types.ts';

export type PrepareOptions = {
  /** One of the scenario's variants; without it the first. */
  variant?: string;
  /** Without it the scenario's own, usually the administrator. */
  reader?: Reader;
  signal?: AbortSignal;
};

/**
 * Resets the world and makes the scenario's state.
 * @throws Failure scenario-impossible (exit 3) where this machine or this data does not allow it; nothing is held then
 */
export async function prepareScenario(
  world: World,
  name: ScenarioName,
  options: PrepareOptions = {},
): Promise<Prepared> {
  const { signal } = options;
  const scenario = SCENARIO_STATES[name];
  const variant = options.variant ?? scenario.variants?.[0];
  if (variant !== undefined && !scenario.variants?.includes(variant))
    throw new RangeError(`${name} has no variant ${variant}; it has ${scenario.variants?.join(', ') ?? 'none'}`);
  await using stack = new AsyncDisposableStack();
  signal?.throwIfAborted();
  await resetWithoutApplication(world, signal);
  const work = await mkdtemp(join(world.lab.folder, 'work', `${name}-`));
  stack.defer(() => rm(work, { recursive: true, force: true }));
  const [folder, hostFolder] = [join(work, 'toolbox'), join(work, 'host')];
  for (const path of [folder, hostFolder, join(work, 'tmp')]) await mkdir(path);
  const notes: string[] = [];
  const change = await makeState(world, { name, variant, folder, stack, notes, signal });
  const reader = options.reader ?? change.reader ?? 'administrator';
  const environment = await readerFor(world, reader, work, change.alterReader);
  const { toolbox } = world.lab;
  const { containers } = stack.use(await toolbox.open(work, { environment, room: change.room, signal }));
  const before = await observe(world, signal);
  world.kept.original = before.databases.find((database) => database.name === world.database)?.content;
  const backup = change.backup ?? world.backup;
  const manifest = change.backup === undefined ? world.manifest : await manifestOf(change.backup);
  const held = stack.move();
  const release = () => held.disposeAsync();
  return {
    scenario: name,
    variant,
    reader,
    backup: change.backupName ?? backup.name,
    database: world.database,
    manifest,
    environment,
    folder: toolbox.folders(work).folder,
    hostFolder,
    ...(containers === undefined ? {} : { containers }),
    startsAgain: name === 'interrupted',
    notes,
    before,
    release,
    [Symbol.asyncDispose]: release,
  };
}

type Making = Pick<Stage, 'folder' | 'stack' | 'signal'> & {
  name: ScenarioName;
  variant: string | undefined;
  notes: string[];
};

/** The application is stopped while the state is made, because copies need their source for themselves. */
async function makeState(world: World, { name, variant, folder, stack, notes, signal }: Making) {
  const { lab, settings, kept, database } = world;
  const store = openStore(settings.store);
  await using server = await connectAdmin(settings.postgres, 'postgres', signal);
  const change = await SCENARIO_STATES[name].prepare(
    {
      lab,
      settings,
      database,
      store,
      backup: world.backup,
      server,
      connect: (other) => connectAdmin(settings.postgres, other, signal),
      async takeBackup(other) {
        const target = { ...settings, postgres: { ...settings.postgres, database: other } };
        const taken = await takeKept(lab, target, kept, {
          signal,
          folder: await mkdtemp(join(kept.folder, 'backup-')),
        });
        await store.remove(taken.objects);
        return taken;
      },
      once: (key, make) => once(kept.once, key, make),
      folder,
      plainOwner: lab.environment('plain-owner').PGUSER ?? '',
      stack,
      note: (text) => notes.push(text),
      signal,
    },
    variant,
  );
  if (kept.application) await lab.services.backend.start();
  return change;
}

/** What failed is tried again the next time. */
async function once<T>(made: Map<string, Promise<unknown>>, key: string, make: () => Promise<T>): Promise<T> {
  const promise = made.get(key) ?? make();
  made.set(key, promise);
  promise.catch(() => made.delete(key));
  // A key always stands for one kind of thing: the scenario that uses it.
  return promise as Promise<T>;
}
