/** Every scenario by its name; docs/reference/format.md says what each means for a page. */
import type { ScenarioName } from '../../runbook/model.ts';
import * as backups from './backups.ts';
import * as production from './production.ts';
import * as reader from './reader.ts';
import type { Scenario } from './scenario.ts';
import * as server from './server.ts';
import { busy } from './sessions.ts';

export const SCENARIO_STATES: Readonly<Record<ScenarioName, Scenario>> = {
  intact: production.intact,
  absent: production.absent,
  empty: production.empty,
  drifted: production.drifted,
  'half-restored': production.halfRestored,
  leftovers: production.leftovers,
  interrupted: production.interrupted,
  busy,
  'plain-owner': server.plainOwner,
  'polluted-template': server.pollutedTemplate,
  'missing-roles': server.missingRoles,
  'truncated-backup': backups.truncatedBackup,
  'damaged-backup': backups.damagedBackup,
  'checksum-of-another': backups.checksumOfAnother,
  'stale-backup': backups.staleBackup,
  'foreign-backup': backups.foreignBackup,
  'missing-backup': backups.missingBackup,
  'no-manifest': backups.noManifest,
  'store-down': reader.storeDown,
  'wrong-password': reader.wrongPassword,
  'read-only': server.readOnly,
  'disk-full': reader.diskFull,
};

export type { Scenario } from './scenario.ts';
