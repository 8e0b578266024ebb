/**
 * The library: `import { takeBackup, drill } from 'drillbook'`. Every function takes its settings as an argument (`readSettings()` reads
 * them from the environment), tells what it does through `report`, ends at once when `signal` is aborted, leaves nothing behind when it fails,
 * and throws a `Failure` with a stable `code`. The command line is made of the same functions. docs/reference/library.md
 */
export { type Backup, findBackup, lastGood, listBackups } from './backup/catalogue.ts';
export { type Manifest, parseManifest } from './backup/manifest.ts';
export { backupName, backupTime } from './backup/name.ts';
export { type Choice, choose, type Pruned, type PruneOptions, prune } from './backup/retain.ts';
export { type Taken, type TakeOptions, takeBackup } from './backup/take.ts';
export { Failure, type FailureCode, Interrupted } from './failure.ts';
export type { ProgressEvent, Report } from './progress.ts';
export { type RestoreDatabaseOptions, type RestoredDatabase, restoreDatabase } from './restore/create.ts';
export { type DrillOptions, drill } from './restore/drill.ts';
export { type RestoredGlobals, type RestoreGlobalsOptions, restoreGlobals } from './restore/globals.ts';
export { type RestoredInPlace, type RestoreInPlaceOptions, restoreInPlace } from './restore/in-place.ts';
export { type Difference, firstOfEachKind } from './restore/proof.ts';
export { type Proven, type ProveOptions, prove } from './restore/prove.ts';
export { type SwapOptions, type Swapped, swap, undoSwap } from './restore/swap.ts';
export { type RestoredTable, type RestoredTables, type RestoreTablesOptions, restoreTables } from './restore/tables.ts';
export { exitOf, verdictText } from './restore/text.ts';
export type { Verdict } from './restore/verdict.ts';
export { readSettings, type Settings, secretsOf, type TableName } from './settings.ts';
export { openStore, type Store } from './store/store.ts';
