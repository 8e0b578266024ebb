/** Shows whether the service's container runs; nothing is touched. */
import { step } from '../../src/rehearsal/step.ts';

export default step(import.meta);
