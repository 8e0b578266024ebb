/** Reads the log of the application: it says when it is ready. */
import { step } from '../../src/rehearsal/step.ts';

export default step(import.meta);
