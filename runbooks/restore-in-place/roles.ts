/** Makes the roles that the backup names and the server lacks, without the right to log in. */
import { file, serverIsReachable, step } from '../../src/rehearsal/step.ts';

export default step(import.meta, {
  before: [serverIsReachable],
  destroys: () => [file('globals.sql'), file('roles.sql')],
});
