import { takeBackup } from '../backup/take.ts';
import { readSettings } from '../settings.ts';
import { command } from './command.ts';
import { describeTaken, statusOf } from './taken.ts';

export const backup = command({
  name: 'backup',
  summary: 'Take a backup now: archive, checksum and manifest, then retention. Nothing is stored on this machine.',
  examples: [
    ['drillbook backup', 'the database in POSTGRES_DB, to the bucket in MINIO_BUCKET'],
    ['env POSTGRES_DB=pagila drillbook backup', 'another database'],
  ],
  args: {},
  async run({ report, print, signal }) {
    const taken = await takeBackup(readSettings(), { report, signal });
    print(describeTaken(taken));
    return statusOf(taken);
  },
});
