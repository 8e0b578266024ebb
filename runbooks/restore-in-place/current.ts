/** Takes a backup of production as it is, where there is one: the way back once it has been dropped. */
import { serverIsReachable, step } from '../../src/rehearsal/step.ts';

export default step(import.meta, { before: [serverIsReachable] });
