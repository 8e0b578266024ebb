/** Starts the backup service and what it depends on, and waits until it is well. */
import { step } from '../../src/rehearsal/step.ts';

export default step(import.meta);
