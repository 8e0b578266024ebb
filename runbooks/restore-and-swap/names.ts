/** Looks for databases of an earlier try under the names that this page is going to use. */
import { serverIsReachable, step } from '../../src/rehearsal/step.ts';

export default step(import.meta, { before: [serverIsReachable] });
