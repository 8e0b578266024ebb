/**
 * Settings: the environment, read once at the border into typed values by one schema. All faults are reported at once,
 * before anything is touched. Every secret may also come from a file: `<NAME>_FILE`.
 */
import { z } from 'zod';
import { type Environment, readEnvironment } from './settings/environment.ts';
import { certificates, databaseName, endpointOf, printable, tableNames, whole } from './settings/forms.ts';

/** A table by schema and name, unquoted and as PostgreSQL stores it. */
export type TableName = { schema: string; name: string };

/** FreshTrack is the sample and the default: its key tables and its least number of tables hold for it alone. */
const SAMPLE = {
  database: 'freshtrack',
  keyTables: 'organizations,users,sites',
  minTables: 10,
  applications: ['freshtrack', 'backend'],
};

/** Reading order, defaults and forms of everything the environment may hold. */
export const environment = z.object({
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

/**
 * Reads the settings. An empty value counts as missing.
 * @throws Failure settings-missing (names all that are missing), settings-invalid (says all that is wrong)
 */
export function readSettings(env: Environment = process.env): Settings {
  return settingsOf(readEnvironment(environment, env));
}

/** What was read, as the rest of the program knows it. */
export function settingsOf(v: z.infer<typeof environment>): Settings {
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
