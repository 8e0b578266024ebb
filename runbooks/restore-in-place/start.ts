/** Starts the application again. */
import { step } from '../../src/rehearsal/step.ts';

export default step(import.meta);
