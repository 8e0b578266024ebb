/** Restores the newest backup into a throwaway database that the drill makes, proves it and removes it. */
import { serverIsReachable, step } from '../../src/rehearsal/step.ts';

export default step(import.meta, { before: [serverIsReachable] });
