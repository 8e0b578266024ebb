/** Scenarios that change what the store holds of the backup. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { quoteIdentifier } from '../../postgres/connection.ts';
import { dropDatabase } from './database.ts';
import { impossible } from './impossible.ts';
import {
  CHECKSUM,
  checksumLine,
  MANIFEST,
  nameAt,
  publishArchive,
  putBytes,
  readArchive,
  sha256Of,
  timeIn,
} from './kept.ts';
import type { KeptBackup, Scenario, Stage } from './scenario.ts';

const HOUR = 3_600_000;

export const damagedBackup: Scenario = {
  summary: 'its bytes differ from its checksum',
  async prepare({ store, backup, folder, note, stack }) {
    const archive = await readArchive(backup);
    const at = Math.floor(archive.length / 2);
    archive[at] = (archive[at] ?? 0) ^ 0xff;
    await putBytes(store, backup.name, archive, await scratch(folder, stack));
    note(`changed byte ${at} of ${backup.name}`);
    return {};
  },
};

export const truncatedBackup: Scenario = {
  summary: 'the archive ends early and its checksum agrees (the dump died)',
  async prepare({ store, backup, folder, note, stack }) {
    const archive = await readArchive(backup);
    const cut = archive.subarray(0, Math.floor(archive.length * 0.6));
    await publishArchive(store, backup.name, cut, backup, await scratch(folder, stack));
    note(`cut ${backup.name} to ${cut.length} of ${archive.length} bytes; its checksum and manifest agree`);
    return {};
  },
};

export const checksumOfAnother: Scenario = {
  summary: 'the checksum file names another file, which lies beside it',
  async prepare({ store, backup, folder, note, stack }) {
    const other = nameAt(backup.name, new Date(timeIn(backup.name).getTime() - 24 * HOUR));
    if (other === backup.name) throw impossible('checksum-of-another', `there is no time in the name ${backup.name}`);
    const bytes = Buffer.concat([await readArchive(backup), Buffer.from('\n')]);
    const line = checksumLine(sha256Of(bytes), other);
    await putBytes(store, other, bytes, await scratch(folder, stack));
    for (const name of [other, backup.name]) await store.putText(`${name}${CHECKSUM}`, line);
    await writeFile(join(folder, other), bytes);
    note(`${backup.name}${CHECKSUM} is that of ${other}, which lies in the bucket and in the working folder`);
    return {};
  },
};

export const missingBackup: Scenario = {
  summary: 'the named object is absent',
  async prepare({ store, backup, note }) {
    await store.remove(backup.objects);
    note(`removed ${backup.name} and what belongs to it from the bucket`);
    return {};
  },
};

export const noManifest: Scenario = {
  summary: 'it has no manifest',
  async prepare({ store, backup, note }) {
    await store.remove([`${backup.name}${MANIFEST}`]);
    note(`removed ${backup.name}${MANIFEST} from the bucket`);
    return {};
  },
};

export const staleBackup: Scenario = {
  summary: 'the newest is older than 25 hours',
  async prepare({ store, backup, database, folder, note, stack }) {
    const time = new Date(Date.now() - 30 * HOUR);
    const name = nameAt(backup.name, time);
    if (name === backup.name) throw impossible('stale-backup', `there is no time in the name ${backup.name}`);
    const newer: string[] = [];
    for await (const object of store.list(`${database}_`)) if (!(timeIn(object.name) < time)) newer.push(object.name);
    await publishArchive(store, name, await readArchive(backup), backup, await scratch(folder, stack), {
      createdAt: time.toISOString(),
    });
    for (const object of backup.objects.filter((object) => !object.endsWith(MANIFEST) && !object.endsWith(CHECKSUM)))
      if (object !== backup.name)
        await store.putText(object.replace(backup.name, name), await readFile(join(backup.folder, object), 'utf8'));
    await store.remove(newer);
    note(`the newest backup is ${name}, 30 hours old`);
    return { backupName: name };
  },
};

export const foreignBackup: Scenario = {
  summary: 'another database’s archive under this name, with a checksum and a manifest of its own',
  async prepare(stage) {
    const { store, backup, folder, note, stack } = stage;
    const foreign = await stage.once('foreign-backup', () => backupForeign(stage));
    await publishArchive(store, backup.name, await readArchive(foreign), foreign, await scratch(folder, stack));
    note(`${backup.name} is a backup of another database now`);
    return {};
  },
};

/**
 * A database that a count of tables takes for ours: as many tables as must be there, the key tables among them, each with
 * a row.
 */
async function backupForeign(stage: Stage): Promise<KeptBackup> {
  const { server, settings } = stage;
  const name = 'another_application';
  await dropDatabase(server, name);
  await server.query(`CREATE DATABASE ${name} TEMPLATE template0`);
  try {
    await using client = await stage.connect(name);
    const keys = settings.keyTables.map((table) => `${quoteIdentifier(table.schema)}.${quoteIdentifier(table.name)}`);
    const others = Array.from({ length: settings.minTables + 1 }, (_, at) => `public.ledger_${at + 1}`);
    for (const { schema } of settings.keyTables)
      await client.query(`CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(schema)}`);
    for (const table of [...keys, ...others])
      await client.query(
        `CREATE TABLE ${table} (id integer PRIMARY KEY, note text); INSERT INTO ${table} VALUES (1, 'not yours')`,
      );
    return await stage.takeBackup(name);
  } finally {
    await dropDatabase(server, name);
  }
}

/** A folder for what is uploaded: beside the reader's, which must hold nothing that he did not make. */
async function scratch(folder: string, stack: AsyncDisposableStack): Promise<string> {
  const made = await mkdtemp(`${folder}.upload-`);
  stack.defer(() => rm(made, { recursive: true, force: true }));
  return made;
}
