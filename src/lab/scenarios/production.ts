/** Scenarios that change the production database itself, or what an earlier try left around it. */
import { copyFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  applyProperties,
  copyDatabase,
  createEmpty,
  type DatabaseProperties,
  dropDatabase,
  findDatabase,
} from './database.ts';
import { drift } from './drift.ts';
import { derived, restoreHalf } from './half.ts';
import { impossible } from './impossible.ts';
import { CHECKSUM } from './kept.ts';
import type { Scenario, Stage } from './scenario.ts';

export const intact: Scenario = {
  summary: 'production as it was when the backup was taken',
  async prepare() {
    return {};
  },
};

export const absent: Scenario = {
  summary: 'no such database',
  async prepare({ server, database, note }) {
    await dropDatabase(server, database);
    note(`dropped the database ${database}`);
    return {};
  },
};

export const empty: Scenario = {
  summary: 'the database without any object, as one who was in a hurry made it: without its settings and privileges',
  async prepare(stage) {
    const production = await productionOf(stage);
    await dropDatabase(stage.server, stage.database);
    await createEmpty(stage.server, stage.database, production);
    stage.note(`made the database ${stage.database} again, without any object`);
    return {};
  },
};

export const drifted: Scenario = {
  summary:
    'since the backup: a row changed, one deleted, one added; a new table with a foreign key into an old one; a view dropped; a sequence moved; a new schema',
  async prepare(stage) {
    await driftProduction(stage, 'drifted');
    return {};
  },
};

export const interrupted: Scenario = {
  summary: 'the reader starts again from the top after each step in turn',
  // Production has drifted since the backup: otherwise what was restored could not be told from the original, and a page
  // that throws the original away would pass.
  variants: ['drifted', 'intact'],
  async prepare(stage, variant) {
    if (variant === 'drifted') await driftProduction(stage, 'interrupted');
    return {};
  },
};

export const halfRestored: Scenario = {
  summary: 'production holds the schema and part of the rows, without indexes and constraints',
  async prepare(stage) {
    const production = await productionOf(stage);
    await dropDatabase(stage.server, stage.database);
    await restoreHalf(stage, stage.database, production);
    stage.note(`restored the schema and half of the tables into ${stage.database}, and stopped`);
    return {};
  },
};

export const leftovers: Scenario = {
  summary: '…_restored and …_old of an earlier try exist, and files in the working folder',
  async prepare(stage) {
    const production = await productionOf(stage);
    const [restored, old] = [derived(stage.database, '_restored'), derived(stage.database, '_old')];
    if (restored === undefined || old === undefined)
      throw impossible('leftovers', `"${stage.database}_restored" is longer than PostgreSQL's names can be`);
    await copyDatabase(stage.server, stage.database, old);
    await applyProperties(stage.server, old, production);
    await restoreHalf(stage, restored, production);
    await leaveFiles(stage);
    stage.note(`left the databases ${restored} and ${old}, and a broken-off download with other files`);
    return {};
  },
};

export async function productionOf({ server, database }: Stage): Promise<DatabaseProperties> {
  const production = await findDatabase(server, database);
  if (production === undefined) throw new Error(`a reset left no database ${database}`);
  return production;
}

async function driftProduction(stage: Stage, scenario: 'drifted' | 'interrupted'): Promise<void> {
  const { owner } = await productionOf(stage);
  await using client = await stage.connect(stage.database);
  const { done, lacking } = await drift(client, owner);
  if (lacking[0]?.includes('row')) throw impossible(scenario, `in "${stage.database}" ${lacking[0]}`);
  for (const text of done) stage.note(text);
  for (const text of lacking) stage.note(`left out: ${text}`);
}

/** What a reader who gave up left in his folder: a download cut short, a checksum for something else, lists and notes. */
async function leaveFiles({ folder, backup }: Stage): Promise<void> {
  const archive = join(folder, backup.name);
  await copyFile(join(backup.folder, backup.name), archive);
  await truncate(archive, 4_096);
  await writeFile(`${archive}${CHECKSUM}`, `${'0'.repeat(64)}  ${backup.name}\n`);
  for (const name of ['globals.sql', 'roles.sql', 'database.sql', 'database.list', 'original.sql', 'notes.txt'])
    await writeFile(join(folder, name), 'left by an earlier try\n');
}
