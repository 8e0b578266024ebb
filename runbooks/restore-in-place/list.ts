/** Lists the backups; nothing is touched. */
import { step } from '../../src/rehearsal/step.ts';

export default step(import.meta);
