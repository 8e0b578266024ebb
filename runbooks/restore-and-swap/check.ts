/** Reads the backup to its end and makes sure that it is one of this database. */
import { archiveMatchesChecksum, step } from '../../src/rehearsal/step.ts';

export default step(import.meta, { before: [archiveMatchesChecksum] });
