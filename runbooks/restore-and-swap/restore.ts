/** Restores the backup into the new database; production is not touched. */
import { archiveMatchesChecksum, databaseExists, step } from '../../src/rehearsal/step.ts';

export default step(import.meta, {
  before: [archiveMatchesChecksum, databaseExists(({ DATABASE }) => `${DATABASE}_restored`)],
});
