/** What the backup service needs besides the settings: when it works, and where its figures are read. */
import { Cron } from 'croner';
import { z } from 'zod';
import { environment, type Settings, settingsOf } from '../settings.ts';
import { type Environment, readEnvironment } from './environment.ts';

const NO_SCHEDULE = 'must be five fields of cron such as "0 2 * * *" that name a time which comes';

const service = environment.extend({
  BACKUP_SCHEDULE: z.string().refine(isSchedule, NO_SCHEDULE).default('0 2 * * *'),
  DRILL_SCHEDULE: z
    .string()
    .refine((text) => text === 'never' || isSchedule(text), `${NO_SCHEDULE}, or "never"`)
    .default('0 4 * * 0'),
  DRILL_AFTER_BACKUP: z.enum(['yes', 'no'], 'must be "yes" or "no"').default('no'),
  // Some systems write ":Europe/Berlin".
  TZ: z
    .string()
    .transform((name) => name.replace(/^:/, ''))
    .refine(isTimeZone, 'is no time zone such as Europe/Berlin or UTC')
    .default('UTC'),
  METRICS_LISTEN: z.string().transform(listenAddress).default({ host: '127.0.0.1', port: 9188 }),
});

/** Settings of the backup service. */
export type ServiceSettings = Settings & {
  service: {
    /** Cron, five fields. */
    backupSchedule: string;
    /** Undefined: no drills by the clock. */
    drillSchedule: string | undefined;
    drillAfterBackup: boolean;
    /** The name of the zone that both schedules are read in. */
    timeZone: string;
    /** Port 0 is any free one. */
    listen: { host: string; port: number };
  };
};

/** As `readSettings`, with those of the backup service. @throws Failure settings-missing, settings-invalid */
export function readServiceSettings(env: Environment = process.env): ServiceSettings {
  const v = readEnvironment(service, env);
  return {
    ...settingsOf(v),
    service: {
      backupSchedule: v.BACKUP_SCHEDULE,
      drillSchedule: v.DRILL_SCHEDULE === 'never' ? undefined : v.DRILL_SCHEDULE,
      drillAfterBackup: v.DRILL_AFTER_BACKUP === 'yes',
      timeZone: v.TZ,
      listen: v.METRICS_LISTEN,
    },
  };
}

function isSchedule(text: string): boolean {
  try {
    return new Cron(text, { mode: '5-part', paused: true }).nextRun() !== null;
  } catch {
    return false;
  }
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).format() !== '';
  } catch {
    return false;
  }
}

/** `127.0.0.1:9188`, `[::1]:9188`, `:9188` (every address) */
function listenAddress(text: string, context: z.core.$RefinementCtx): { host: string; port: number } {
  const [, six, host = six, port] = /^(?:\[([\da-f:.]+)\]|([\w.-]*)):(\d{1,5})$/i.exec(text) ?? [];
  if (port !== undefined && Number(port) <= 65_535) return { host: host || '0.0.0.0', port: Number(port) };
  context.addIssue({ code: 'custom', message: 'must be an address and a port such as 127.0.0.1:9188' });
  return z.NEVER;
}
