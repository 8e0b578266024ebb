/** Lists the backups, as the service itself sees them. */
import { step } from '../../src/rehearsal/step.ts';

export default step(import.meta);
