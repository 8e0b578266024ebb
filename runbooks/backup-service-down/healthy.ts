/** Shows that the service is up and healthy. */
import { step } from '../../src/rehearsal/step.ts';

export default step(import.meta);
