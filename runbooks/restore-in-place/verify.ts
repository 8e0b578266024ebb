/** Compares the database with the manifest of the backup. */
import { databaseExists, step } from '../../src/rehearsal/step.ts';

export default step(import.meta, {
  before: [databaseExists(({ DATABASE }) => `${DATABASE}`)],
});
