/** Renames production away and the new database into its place, in one transaction. */
import { applicationIsStopped, database, databaseExists, databaseIsAbsent, step } from '../../src/rehearsal/step.ts';

export default step(import.meta, {
  before: [
    applicationIsStopped(({ DATABASE }) => `${DATABASE}`),
    databaseExists(({ DATABASE }) => `${DATABASE}`),
    databaseExists(({ DATABASE }) => `${DATABASE}_restored`),
    databaseIsAbsent(({ DATABASE }) => `${DATABASE}_old`),
  ],
  destroys: ({ DATABASE }) => [database(`${DATABASE}`), database(`${DATABASE}_restored`)],
  after: (context) => databaseExists(({ DATABASE }) => `${DATABASE}_old`).reason(context),
});
