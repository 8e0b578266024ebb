/** Makes the database anew, as the backup states it, and restores into it. */
import { archiveMatchesChecksum, databaseExists, databaseIsAbsent, step } from '../../src/rehearsal/step.ts';

export default step(import.meta, {
  before: [archiveMatchesChecksum, databaseIsAbsent(({ DATABASE }) => `${DATABASE}`)],
  after: (context) => databaseExists(({ DATABASE }) => `${DATABASE}`).reason(context),
});
