/**
 * Settings: the environment, read once at the border into typed values by one schema. All faults are reported at once,
 * before anything is touched. Every secret may also come from a file: `<NAME>_FILE`.
 */
import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { Cron } from 'croner';
import { z } from 'zod';
import { Failure } from './failure.ts';

/** A table by schema and name, unquoted and as PostgreSQL stores it. */
export type TableName = { schema: string; name: string };

const SECRETS = ['POSTGRES_PASSWORD', 'MINIO_ACCESS_KEY', 'MINIO_SECRET_KEY'] as const;
const REQUIRED = [
  'POSTGRES_HOST',
  'POSTGRES_USER',
  'POSTGRES_PASSWORD',
  'MINIO_ENDPOINT',
  'MINIO_ACCESS_KEY',
  'MINIO_SECRET_KEY',
] as const;

/** FreshTrack is the sample and the default: its key tables and its least number of tables hold for it alone. */
const SAMPLE = {
  database: 'freshtrack',
  keyTables: 'organizations,users,sites',
  minTables: 10,
  applications: ['freshtrack', 'backend'],
};

const NO_SCHEDULE = 'must be five fields of cron such as "0 2 * * *" that name a time which comes';

const whole = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, 'must be a whole number')
    .transform(Number)
    .refine((value) => value >= min && value <= max, `must be between ${min} and ${max}`);

const databaseName = z
  .string()
  .min(1)
  .refine((name) => Buffer.byteLength(name) <= 63, 'PostgreSQL cuts names at 63 bytes')
  .refine((name) => !/\p{Cc}/u.test(name), 'must not hold line breaks or other control characters');

/** What travels in an HTTP header. */
const printable = z.string().regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without blanks');

/** Reading order, defaults and forms of everything the environment may hold. */
const environment = z.object({
  // Brackets of an IPv6 address belong to a URL, not to the host.
  POSTGRES_HOST: z
    .string()
    .min(1)
    .transform((host) => host.replace(/^\[([0-9A-Fa-f:.]*:[0-9A-Fa-f:.%\w]*)\]$/, '$1')),
  POSTGRES_PORT: whole(1, 65_535).default(5432),
  POSTGRES_USER: z.string().min(1),
  POSTGRES_PASSWORD: z.string(),
  POSTGRES_DB: databaseName.default(SAMPLE.database),
  MINIO_ENDPOINT: z.string().min(1).transform(endpointOf),
  MINIO_ACCESS_KEY: printable,
  MINIO_SECRET_KEY: printable,
  MINIO_BUCKET: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'is not a bucket name')
    .refine((name) => !name.includes('..') && !/\d+\.\d+\.\d+\.\d+/.test(name), 'is not a bucket name')
    .default('postgres-backups'),
  MINIO_PREFIX: z
    .string()
    .regex(/^(?:[\w.-]+(?:\/[\w.-]+)*)?\/?$/, 'must be folder names joined by "/"')
    .refine((prefix) => !prefix.split('/').some((name) => name === '.' || name === '..'), 'must not hold "." or ".."')
    .transform((prefix) => (prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`))
    .default(''),
  MINIO_REGION: printable.default('us-east-1'),
  MINIO_URL_STYLE: z.enum(['path', 'virtual-host'], 'must be "path" or "virtual-host"').default('path'),
  MINIO_CA_FILE: z.string().transform(certificates).optional(),
  MINIO_TIMEOUT: whole(1, 3_600).default(60),
  KEY_TABLES: z.string().transform(tableNames).optional(),
  MIN_TABLES: whole(0, 1_000_000).optional(),
  APPLICATION_NAMES: z
    .string()
    .transform((text) => text.split(',').map((name) => name.trim()))
    .refine((names) => names.every((name) => name !== ''), 'must be names separated by commas')
    .optional(),
  DRILL_SERVER: z
    .string()
    .regex(
      /^(given|own(:(\d{2}|\/.+))?)$/,
      'must be "given", "own", "own:<major version>" or "own:</folder of programs>"',
    )
    .default('given'),
  BACKUP_KEEP_DAYS: whole(1, 36_500).default(30),
  BACKUP_KEEP_COUNT: whole(0, 1_000_000).default(0),
  BACKUP_SMALL_PERCENT: whole(0, 100).default(50),
});

/** What the backup service needs besides. */
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

export type Settings = {
  postgres: { host: string; port: number; user: string; password: string; database: string };
  store: {
    endpoint: URL;
    accessKey: string;
    secretKey: string;
    bucket: string;
    /** Empty, or ending with "/". */
    prefix: string;
    region: string;
    /** The bucket is part of the host name instead of the path. */
    virtualHost: boolean;
    /** Certificates in PEM that are trusted besides the system's. */
    ca: string | undefined;
    /** A request without any answer for so long is given up, in seconds. */
    timeout: number;
  };
  keyTables: TableName[];
  /** The least number of tables in schema public that a restored database must have. */
  minTables: number;
  /** How the names begin that the application gives its sessions (application_name); undefined: nobody said. */
  applications?: string[];
  /** Where drills run: `given`, `own`, `own:<major>` or `own:<folder>`; see restore/place.ts. Undefined: `given`. */
  drillServer?: string;
  /** A backup may go when it is older than `keepDays` and none of the newest `keepCount` sound ones. */
  keepDays: number;
  keepCount: number;
  /** Percent of the median of the earlier ones; a newest backup that is smaller is suspicious. 0: none is. */
  smallPercent: number;
};

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

type Environment = Record<string, string | undefined>;

/**
 * Reads the settings. An empty value counts as missing.
 * @throws Failure settings-missing (names all that are missing), settings-invalid (says all that is wrong)
 */
export function readSettings(env: Environment = process.env): Settings {
  return settingsOf(parsed(environment, env));
}

/** As `readSettings`, with those of the backup service. @throws Failure settings-missing, settings-invalid */
export function readServiceSettings(env: Environment = process.env): ServiceSettings {
  const v = parsed(service, env);
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

/** Every fault of the environment at once. */
function parsed<T extends z.ZodType>(schema: T, env: Environment): z.infer<T> {
  const { values, faults } = withFiles(env);
  const missing = REQUIRED.filter(
    (name) => values[name] === undefined && !faults.some((fault) => fault.startsWith(name)),
  );
  if (missing.length > 0) throw new Failure('settings-missing', { names: missing.join(', ') });
  const read = schema.safeParse(values);
  const unread = (name: PropertyKey | undefined) => faults.some((fault) => fault.startsWith(`${String(name)}_FILE`));
  if (!read.success)
    for (const { path, message } of read.error.issues)
      if (!unread(path[0])) faults.push(`${path.join('.')} ${message}`);
  if (faults.length > 0 || !read.success) throw new Failure('settings-invalid', { faults: faults.join('; ') });
  return read.data;
}

function settingsOf(v: z.infer<typeof environment>): Settings {
  const sample = v.POSTGRES_DB === SAMPLE.database;
  const applications = v.APPLICATION_NAMES ?? (sample ? SAMPLE.applications : undefined);
  return {
    postgres: {
      host: v.POSTGRES_HOST,
      port: v.POSTGRES_PORT,
      user: v.POSTGRES_USER,
      password: v.POSTGRES_PASSWORD,
      database: v.POSTGRES_DB,
    },
    store: {
      endpoint: v.MINIO_ENDPOINT,
      accessKey: v.MINIO_ACCESS_KEY,
      secretKey: v.MINIO_SECRET_KEY,
      bucket: v.MINIO_BUCKET,
      prefix: v.MINIO_PREFIX,
      region: v.MINIO_REGION,
      virtualHost: v.MINIO_URL_STYLE === 'virtual-host',
      ca: v.MINIO_CA_FILE,
      timeout: v.MINIO_TIMEOUT,
    },
    keyTables: v.KEY_TABLES ?? (sample ? SAMPLE.keyTables.split(',').map((name) => ({ schema: 'public', name })) : []),
    minTables: v.MIN_TABLES ?? (sample ? SAMPLE.minTables : 1),
    ...(applications === undefined ? {} : { applications }),
    drillServer: v.DRILL_SERVER,
    keepDays: v.BACKUP_KEEP_DAYS,
    keepCount: v.BACKUP_KEEP_COUNT,
    smallPercent: v.BACKUP_SMALL_PERCENT,
  };
}

/** The values that must never appear in output, longest first, so that one that holds another is replaced whole. */
export function secretsOf(settings: Settings): string[] {
  return [settings.postgres.password, settings.store.secretKey, settings.store.accessKey]
    .filter((secret) => secret.length > 0)
    .sort((a, b) => b.length - a.length);
}

/** Drops empty values and reads `<NAME>_FILE` for secrets; a trailing newline of the file is not part of the value. */
function withFiles(env: Record<string, string | undefined>): { values: Record<string, string>; faults: string[] } {
  const values: Record<string, string> = {};
  const faults: string[] = [];
  for (const [name, value] of Object.entries(env)) if (value !== undefined && value !== '') values[name] = value;
  for (const name of SECRETS) {
    const file = values[`${name}_FILE`];
    if (file === undefined || values[name] !== undefined) continue;
    try {
      // A pipe or a device might never end.
      if (!statSync(file).isFile()) throw new Error(`${file} is no regular file`);
      values[name] = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    } catch (cause) {
      faults.push(`${name}_FILE cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`);
    }
  }
  return { values, faults };
}

/** A URL; without a scheme http for loopback and single-label hosts, else https. */
function endpointOf(text: string, context: z.core.$RefinementCtx): URL {
  const host = text.replace(/^\w+:\/\//, '').replace(/[:/].*$/, '');
  const local = host === '' || text.startsWith('[::1]') || !host.includes('.') || /^127\.\d+\.\d+\.\d+$/.test(host);
  try {
    const url = new URL(/^\w+:\/\//.test(text) ? text : `${local ? 'http' : 'https'}://${text}`);
    const place = `${url.protocol}//${url.host}/`;
    if (/^https?:$/.test(url.protocol) && url.hostname !== '' && url.href === place && url.port !== '0') return url;
  } catch {
    // said below
  }
  context.addIssue({
    code: 'custom',
    message: 'must be a URL such as http://localhost:9000, without a path, a user or a query',
  });
  return z.NEVER;
}

/** The text of a file of certificates; each of them is looked at, so that a wrong file is told before anything is asked. */
function certificates(file: string, context: z.core.$RefinementCtx): string {
  try {
    const text = readFileSync(file, 'utf8');
    const found = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
    if (found.length === 0) throw new Error(`${file} holds no certificate in PEM`);
    for (const one of found) new X509Certificate(one);
    return found.join('\n');
  } catch (cause) {
    context.addIssue({ code: 'custom', message: `cannot be used: ${cause instanceof Error ? cause.message : cause}` });
    return z.NEVER;
  }
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

/** `organizations, "Mixed Case", audit.events` → names; `public` is implied, unquoted names fold to lower case. */
function tableNames(text: string, context: z.core.$RefinementCtx): TableName[] {
  const identifier = String.raw`(?:"(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*)`;
  const form = new RegExp(String.raw`\s*(${identifier})(?:\.(${identifier}))?\s*(?:,|$)`, 'uy');
  const names: TableName[] = [];
  while (form.lastIndex < text.length) {
    const match = form.exec(text);
    if (match === null) {
      context.addIssue({ code: 'custom', message: 'must be table names separated by commas' });
      return z.NEVER;
    }
    const [first, second] = [match[1] ?? '', match[2]].map((part) => part && unquote(part));
    names.push(second === undefined ? { schema: 'public', name: first ?? '' } : { schema: first ?? '', name: second });
  }
  return names;
}

function unquote(identifier: string): string {
  return identifier.startsWith('"') ? identifier.slice(1, -1).replaceAll('""', '"') : identifier.toLowerCase();
}
