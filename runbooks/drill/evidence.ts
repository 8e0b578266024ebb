/** Lists the backups again: the verdict of the drill is now beside its backup. */
import { step } from '../../src/rehearsal/step.ts';

export default step(import.meta);
