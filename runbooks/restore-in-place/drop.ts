/** Drops the production database. From here on there is no way back to what it held. */
import {
  applicationIsStopped,
  archiveMatchesChecksum,
  database,
  databaseIsAbsent,
  step,
} from '../../src/rehearsal/step.ts';

export default step(import.meta, {
  before: [applicationIsStopped(({ DATABASE }) => `${DATABASE}`), archiveMatchesChecksum],
  destroys: ({ DATABASE }) => [database(`${DATABASE}`)],
  after: (context) => databaseIsAbsent(({ DATABASE }) => `${DATABASE}`).reason(context),
});
