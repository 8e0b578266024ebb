/** `drillbook agent` with a lease that outlives a killed holder by two seconds, so that a test need not wait a minute. */
import { serve } from '../../src/agent/agent.ts';
import { systemClock } from '../../src/agent/clock.ts';
import { openLog } from '../../src/agent/log.ts';
import { readServiceSettings } from '../../src/settings/service.ts';
import { secretsOf } from '../../src/settings.ts';

const settings = readServiceSettings();
const stopping = new AbortController();
process.on('SIGTERM', () => stopping.abort(new Error('SIGTERM')));
const write = (line: string) => process.stdout.write(line);
const log = openLog({ write, now: systemClock.now, readable: false, secrets: secretsOf(settings) });
await serve(settings, { signal: stopping.signal, log, leaseLifetime: 2_000 });
