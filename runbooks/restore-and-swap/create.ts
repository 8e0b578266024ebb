/** Creates the new database beside production. */
import { databaseExists, databaseIsAbsent, file, step } from '../../src/rehearsal/step.ts';

export default step(import.meta, {
  before: [databaseIsAbsent(({ DATABASE }) => `${DATABASE}_restored`)],
  destroys: () => [file('database.list'), file('original.sql'), file('database.sql')],
  after: (context) => databaseExists(({ DATABASE }) => `${DATABASE}_restored`).reason(context),
});
