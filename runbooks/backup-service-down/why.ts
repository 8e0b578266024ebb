/** Shows the end of the service's log; nothing is touched. */
import { step } from '../../src/rehearsal/step.ts';

export default step(import.meta);
