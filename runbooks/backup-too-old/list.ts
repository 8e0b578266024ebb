/** Lists the backups, if there are any; nothing is touched. */
import { step } from '../../src/rehearsal/step.ts';

export default step(import.meta);
