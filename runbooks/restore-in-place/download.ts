/** Downloads the backup and compares it with the checksum that was stored with it. */
import { archiveMatchesChecksum, enoughDiskSpace, file, step } from '../../src/rehearsal/step.ts';

export default step(import.meta, {
  before: [enoughDiskSpace],
  destroys: ({ BACKUP }) => [file(`${BACKUP}`), file(`${BACKUP}.sha256`)],
  after: (context) => archiveMatchesChecksum.reason(context),
});
