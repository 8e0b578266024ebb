/** `drillbook agent`: the backup service. */

import { serve } from '../agent/agent.ts';
import { openLog } from '../agent/log.ts';
import { readServiceSettings } from '../settings/service.ts';
import { secretsOf } from '../settings.ts';
import { command } from './command.ts';

export const agent = command({
  name: 'agent',
  summary:
    'The backup service: backups and drills by the clock, retention, /healthz and /metrics. Runs until SIGTERM or Ctrl-C.',
  examples: [
    ['drillbook agent', 'daily at 02:00 UTC, a drill on Sundays at 04:00; metrics on 127.0.0.1:9188'],
    ['env BACKUP_SCHEDULE="0 */6 * * *" drillbook agent', 'every six hours: at most six hours are lost'],
    ['env DRILL_AFTER_BACKUP=yes TZ=Europe/Berlin drillbook agent', 'proves every backup; 02:00 is Berlin’s'],
    ['env METRICS_LISTEN=0.0.0.0:9188 drillbook agent', 'metrics for the network, in a container'],
    ['curl --fail http://127.0.0.1:9188/healthz', 'is it well? 503 and a sentence when not'],
  ],
  args: {},
  async run({ signal }) {
    const settings = readServiceSettings();
    const log = openLog({
      write: (line) => process.stdout.write(line),
      now: () => new Date(),
      readable: process.stdout.isTTY === true,
      secrets: secretsOf(settings),
    });
    await serve(settings, { signal, log });
    return 0;
  },
});
