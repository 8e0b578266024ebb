/** Lists the backups again: the new one stands first, with the verdict of its drill. */
import { step } from '../../src/rehearsal/step.ts';

export default step(import.meta);
