/** What the lab's services logged, kept with a run that failed: the lab itself is gone when somebody reads the report. */
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab } from '../lab/lab.ts';

/** @returns the folder, which holds one file for each service */
export async function keepLogs(lab: Pick<Lab, 'services'>, folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const [name, service] of Object.entries(lab.services)) {
    await service.collect?.();
    if (existsSync(service.log)) copyFileSync(service.log, join(folder, `${name}.log`));
  }
  return folder;
}
