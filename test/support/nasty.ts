/**
 * The database with everything that breaks restores in practice, and a good backup of it: `before(() => startNasty())`,
 * `after(endNasty)`. Each file of tests has servers of its own.
 */
import assert from 'node:assert/strict';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest } from '../../src/backup/manifest.ts';
import { takeBackup } from '../../src/backup/take.ts';
import type { Settings } from '../../src/settings.ts';
import { bytesOf, load, manifestOf, NASTY } from './samples.ts';
import { type Services, startServices } from './services.ts';

export let services: Services;
/** Of database `nasty`. */
export let settings: Settings;
/** The good backup: its name, bytes and manifest. */
export let good: string;
export let archive: Buffer;
export let manifest: Manifest;
/** Where everything of ours that is temporary goes. */
export let scratch: string;
const temporary = process.env.TMPDIR;

/** @param prepare what is done to the database before its backup is taken */
export async function startNasty(prepare: () => Promise<unknown> = async () => {}): Promise<void> {
  services = await startServices();
  scratch = join(services.folder, 'tmp');
  await mkdir(scratch);
  process.env.TMPDIR = scratch;
  await load(services, 'nasty', NASTY);
  await prepare();
  settings = services.with({ postgres: { database: 'nasty' } });
  good = (await takeBackup(settings)).name;
  archive = await bytesOf(services, good);
  manifest = await manifestOf(services, good);
}

export async function endNasty(): Promise<void> {
  if (temporary === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = temporary;
  await services?.[Symbol.asyncDispose]();
}

/** No database of a drill, and no file. */
export async function nothingIsLeft(): Promise<void> {
  const rows = await services.sql("SELECT datname FROM pg_database WHERE datname LIKE '%restore_test%'");
  assert.deepEqual(
    rows.map((row) => row.datname),
    [],
  );
  assert.deepEqual(await readdir(scratch), []);
}

let minute = 0;
/** A name for a forged backup of `nasty`; each minute is used once. */
export function nextName(): string {
  minute += 1;
  return `nasty_2020-01-01_00-${String(minute).padStart(2, '0')}-00.sql.gz`;
}
