/** Stops the application, so that nothing writes to a database that is about to go. */
import { step } from '../../src/rehearsal/step.ts';

export default step(import.meta);
