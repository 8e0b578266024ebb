/**
 * The table of errors. Every failure a person can meet has a stable code, a sentence that says what is wrong with
 * which value, a hint that says what to do, and an exit status. A user's mistake prints those and no stack; anything
 * that is not a Failure is a bug and prints its stack.
 */

/** 0 true · 1 disproved, or a page is wrong · 2 wrong command line or settings · 3 could not be decided. */
export type ExitStatus = 1 | 2 | 3;

type Entry = {
  exit: ExitStatus;
  sentence: (detail: Detail) => string;
  hint: (detail: Detail) => string;
};
type Detail = Record<string, string>;

export const FAILURES = {
  // Command line and settings
  'settings-missing': {
    exit: 2,
    sentence: (d) => `These settings are missing: ${d.names}.`,
    hint: () => 'Set them in the environment, or set <NAME>_FILE to a file that holds the value.',
  },
  'settings-invalid': {
    exit: 2,
    sentence: (d) => `Settings are wrong: ${d.faults}.`,
    hint: () => 'Correct them in the environment; docs/reference/settings.md lists every setting and its form.',
  },
  'command-unknown': {
    exit: 2,
    sentence: (d) => `There is no command "${d.name}".`,
    hint: (d) => `${d.nearest ? `Did you mean "${d.nearest}"? ` : ''}Run "drillbook --help" for the list.`,
  },
  'flag-unknown': {
    exit: 2,
    sentence: (d) => `"${d.command}" does not know ${d.flag}.`,
    hint: (d) => `${d.nearest ? `Did you mean ${d.nearest}? ` : ''}Run "drillbook ${d.command} --help".`,
  },
  'argument-wrong': {
    exit: 2,
    sentence: (d) => `${d.argument}: ${d.reason}.`,
    hint: (d) => `Run "${d.usage ?? `drillbook ${d.command} --help`}" for examples.`,
  },
  // Programs of the machine
  'program-missing': {
    exit: 3,
    sentence: (d) => `${d.program} was not found.`,
    hint: (d) => d.ways ?? `Install ${d.program} and put it in PATH.`,
  },
  'program-unstartable': {
    exit: 3,
    sentence: (d) => `${d.program} could not be started: ${d.reason}.`,
    hint: () => 'Mend that on this machine, then try again.',
  },
  'program-failed': {
    exit: 3,
    sentence: (d) => `${d.program} ended with status ${d.status}: ${d.message}`,
    hint: () => 'The message above is the program’s own.',
  },
  'program-timeout': {
    exit: 3,
    sentence: (d) => `${d.program} did not end within ${d.seconds} s and was stopped.`,
    hint: () => 'The server or the disk may be overloaded; look at both, then try again.',
  },
  // Scenarios of a rehearsal
  'scenario-impossible': {
    exit: 3,
    sentence: (d) => `The scenario "${d.scenario}" cannot be made here: ${d.reason}.`,
    hint: () => 'Rehearse it where it can be made, or leave it out with --scenario and say so in the page’s excludes.',
  },
  'sessions-remain': {
    exit: 3,
    sentence: (d) => `${d.count} session${d.count === '1' ? '' : 's'} of database "${d.database}" could not be ended.`,
    hint: (d) =>
      `They do not end or come back each time: SELECT * FROM pg_stat_activity WHERE datname = '${d.database}';`,
  },
  'world-unfaithful': {
    exit: 3,
    sentence: (d) =>
      `The database "${d.database}" does not equal the backup that was just taken of it: ${d.difference}.`,
    hint: () => 'Something wrote to it meanwhile, or its content cannot be restored; nothing was rehearsed.',
  },
  // The site
  'page-wrong': {
    exit: 1,
    sentence: (d) => `Pages are wrong, so the site was not built:\n${d.faults}`,
    hint: () => 'Correct each place; docs/reference/format.md says what a page may hold.',
  },
  'site-build-failed': {
    exit: 3,
    sentence: (d) => `Astro could not build the site (status ${d.status}): ${d.message}`,
    hint: () => 'The message above is Astro’s own.',
  },
  // PostgreSQL
  'postgres-unreachable': {
    exit: 3,
    sentence: (d) => `PostgreSQL at ${d.server} cannot be reached: ${d.reason}.`,
    hint: () => 'Check that it runs, and POSTGRES_HOST and POSTGRES_PORT.',
  },
  'postgres-auth': {
    exit: 3,
    sentence: (d) => `PostgreSQL at ${d.server} refuses the user "${d.user}": ${d.reason}.`,
    hint: () =>
      'Check POSTGRES_USER and POSTGRES_PASSWORD (or the file named by POSTGRES_PASSWORD_FILE), and pg_hba.conf.',
  },
  'database-missing': {
    exit: 3,
    sentence: (d) => `PostgreSQL at ${d.server} has no database "${d.database}".`,
    hint: () => 'Set POSTGRES_DB to one that exists; "psql --list" shows them.',
  },
  'database-closed': {
    exit: 3,
    sentence: (d) =>
      `PostgreSQL at ${d.server} lets "${d.user}" into no session of database "${d.database}": ${d.reason}.`,
    hint: (d) => d.remedy ?? 'The role needs the privilege CONNECT on the database.',
  },
  'postgres-newer': {
    exit: 3,
    sentence: (d) =>
      `The server is PostgreSQL ${d.server}, but ${d.program} here is ${d.version}: an older one refuses.`,
    hint: () =>
      'Install the client programs of the server’s major version (package postgresql-client-<major>) or newer.',
  },
  'dump-failed': {
    exit: 3,
    sentence: (d) => `Database "${d.database}" could not be read completely: ${d.message}`,
    hint: (d) =>
      /permission denied|row-level security/.test(d.message ?? '')
        ? 'The user must be able to read everything: the owner, a superuser, or a member of pg_read_all_data with BYPASSRLS.'
        : 'No backup was made. The message is PostgreSQL’s own; try again when its cause is gone.',
  },
  // Archives
  'archive-newer': {
    exit: 3,
    sentence: (d) =>
      `The archive was made by pg_dump ${d.archive}; pg_restore here is ${d.program} and cannot read it.`,
    hint: (d) =>
      d.needed
        ? `Install the client programs of PostgreSQL ${d.needed} or newer (package postgresql-client-${d.needed}).`
        : 'Install the newest client programs of PostgreSQL. If they cannot read it either, its first bytes are damaged.',
  },
  'archive-compression': {
    exit: 3,
    sentence: (d) =>
      `The archive is compressed with ${d.compression}; pg_restore ${d.program} here was built without it.`,
    hint: (d) =>
      `Install client programs of PostgreSQL that were built with ${d.compression}, such as Debian’s (16 or newer).`,
  },
  'archive-packed': {
    exit: 3,
    sentence: (d) => `${d.archive} is packed with ${d.packing}, which cannot be unpacked here.`,
    hint: () => 'Unpack it, or pack it with gzip or zstd, and store it again: nothing says that it is bad.',
  },
  'server-older': {
    exit: 3,
    sentence: (d) =>
      `The archive holds a database of PostgreSQL ${d.archive}; the server is ${d.server}, and an older one may not understand it.`,
    hint: (d) =>
      `Restore it on a server of PostgreSQL ${d.needed} or newer; name it with POSTGRES_HOST and POSTGRES_PORT.`,
  },
  'archive-unsafe': {
    exit: 1,
    sentence: (d) => `${d.archive} holds "${d.text}", which pg_dump never writes and psql would carry out here.`,
    hint: () => 'Nothing of it was run. Find out who wrote it before you restore from it by any means.',
  },
  'archive-damaged': {
    exit: 1,
    sentence: (d) => `${d.archive} cannot be read to its end: ${d.message}`,
    hint: () => 'Do not restore from it. Take another backup of the list: "drillbook backups".',
  },
  'archive-unknown': {
    exit: 1,
    sentence: (d) => `${d.archive} is no PostgreSQL archive: it ${d.reason}.`,
    hint: () => 'It must be what pg_dump writes: custom format, tar, or SQL, as it is or packed with gzip or zstd.',
  },
  // The object store
  'store-unreachable': {
    exit: 3,
    sentence: (d) => `The object store at ${d.endpoint} cannot be reached: ${d.reason}.`,
    hint: () => 'Check that it runs, and MINIO_ENDPOINT.',
  },
  'store-untrusted': {
    exit: 3,
    sentence: (d) => `The certificate of the object store at ${d.endpoint} is not trusted: ${d.reason}.`,
    hint: () =>
      'For a CA of your own set MINIO_CA_FILE to its certificate. The name in MINIO_ENDPOINT must be in the store’s.',
  },
  'store-auth': {
    exit: 3,
    sentence: (d) => `The object store at ${d.endpoint} refuses access: ${d.reason}.`,
    hint: () => 'Check MINIO_ACCESS_KEY, MINIO_SECRET_KEY and MINIO_REGION, and what this key may do.',
  },
  'store-full': {
    exit: 3,
    sentence: (d) => `The object store at ${d.endpoint} has no room: ${d.reason}.`,
    hint: () => 'Give it more space, or remove old backups: "drillbook prune --dry-run" shows which may go.',
  },
  'bucket-missing': {
    exit: 3,
    sentence: (d) => `The object store at ${d.endpoint} has no bucket "${d.bucket}".`,
    hint: (d) => `Check MINIO_BUCKET. A bucket is never made by itself: "mc mb <alias>/${d.bucket}" makes it.`,
  },
  'object-name-invalid': {
    exit: 2,
    sentence: (d) => `The object store takes no object of the name "${d.name}": ${d.reason}.`,
    hint: () => '"drillbook backups" lists the names that are there. Part of every name is MINIO_PREFIX.',
  },
  'object-missing': {
    exit: 1,
    sentence: (d) => `There is no object "${d.name}" in bucket "${d.bucket}".`,
    hint: () => 'It may have been removed meanwhile; "drillbook backups" lists what is there.',
  },
  'object-too-large': {
    exit: 1,
    sentence: (d) => `The object "${d.name}" holds more than the ${d.limit} bytes that are read of its kind.`,
    hint: () => 'It is not what its name says; look at it before you trust it.',
  },
  'object-changed': {
    exit: 3,
    sentence: (d) => `The object "${d.name}" was replaced while it was read.`,
    hint: () => 'Try again; find out who writes to this bucket.',
  },
  'folder-unusable': {
    exit: 3,
    sentence: (d) => `The folder ${d.folder} cannot be used: ${d.reason}.`,
    hint: () => 'Set TMPDIR to a folder that exists, may be written and has room.',
  },
  'no-space': {
    exit: 3,
    sentence: (d) => `There is no room left for ${d.file}.`,
    hint: () => 'Free some space, or choose another folder with TMPDIR.',
  },
  // Backups
  'no-backups': {
    exit: 1,
    sentence: (d) => `There is no backup of database "${d.database}" in ${d.store}.`,
    hint: () =>
      'Take one: "drillbook backup". If there should be some, check POSTGRES_DB, MINIO_BUCKET and MINIO_PREFIX.',
  },
  'backup-not-found': {
    exit: 2,
    sentence: (d) => `There is no backup "${d.name}".`,
    hint: (d) => `The nearest: ${d.nearest}. "drillbook backups" lists them all.`,
  },
  'backup-companion': {
    exit: 2,
    sentence: (d) => `"${d.name}" is no backup but the ${d.kind} of one.`,
    hint: (d) => `Name the backup itself: ${d.backup}`,
  },
  'backup-name-taken': {
    exit: 3,
    sentence: (d) =>
      `No name is free for a backup: "${d.name}" and those of the seconds after it exist or are being made.`,
    hint: () => 'Another backup runs; wait until it is done.',
  },
  'removal-refused': {
    exit: 3,
    sentence: (d) => `The store would not remove "${d.name}"${d.more}: ${d.reason}.`,
    hint: () =>
      'All others that were due are gone. Check what MINIO_ACCESS_KEY may remove, and the locks of the bucket.',
  },
  'manifest-unreadable': {
    exit: 3,
    sentence: (d) => `The manifest "${d.name}" cannot be read: ${d.reason}.`,
    hint: () =>
      'Without it the content cannot be proven. It may be damaged, or of a newer Drillbook; compare with another backup’s.',
  },
  // Restoring for real
  'database-name': {
    exit: 2,
    sentence: (d) => `"${d.name}" cannot be the name of the database: ${d.reason}.`,
    hint: () => 'Choose another name, of at most 63 bytes. Nothing was changed.',
  },
  'database-exists': {
    exit: 2,
    sentence: (d) => `There is a database "${d.name}" already, and nothing is ever restored over one.`,
    hint: () => 'It may be the only copy of something: look at it, then rename or drop it, or choose another name.',
  },
  'database-absent': {
    exit: 2,
    sentence: (d) => `There is no database "${d.name}" on this server.`,
    hint: () => 'Nothing was changed. "psql --list" shows the names.',
  },
  'restore-running': {
    exit: 3,
    sentence: (d) => `Another restore is making "${d.name}" at this moment.`,
    hint: () => 'Wait for it, or choose another name.',
  },
  'backup-unfit': {
    exit: 1,
    sentence: (d) => `${d.backup} is not fit to be restored: ${d.reason}.`,
    hint: () => 'Nothing was changed. Take the backup before it: "drillbook backups" shows which are proven.',
  },
  'roles-missing': {
    exit: 3,
    sentence: (d) => `${d.backup} needs roles that this server lacks: ${d.roles}.`,
    hint: () => 'Make them first: restoreGlobals does, from <backup>.globals.sql, and so does the option makeRoles.',
  },
  'roles-refused': {
    exit: 3,
    sentence: (d) => `The roles ${d.roles} could not be made: ${d.message}`,
    hint: () => 'None of them was made. The user needs CREATEROLE; ask an administrator of the server.',
  },
  'globals-missing': {
    exit: 3,
    sentence: (d) => `Nothing was saved of the roles beside ${d.backup}.`,
    hint: () => 'Name the roles that are needed; they are then made without the right to log in.',
  },
  'restore-differs': {
    exit: 1,
    sentence: (d) => `What was restored into "${d.database}" differs from the backup: ${d.difference}.`,
    hint: () => 'It was removed again. Drill the backup to see every difference, or take the one before it.',
  },
  'restore-left': {
    exit: 3,
    sentence: (d) => `The unfinished database "${d.name}" could not be removed.`,
    hint: (d) => `Remove it when its sessions have ended: DROP DATABASE "${d.name}" WITH (FORCE);`,
  },
  'swap-refused': {
    exit: 3,
    sentence: (d) => `The databases could not be renamed (${d.names}), and are as before: ${d.message}`,
    hint: () =>
      'The user must own them, have CREATEDB, and may need pg_signal_backend, or be a superuser, to end sessions of others.',
  },
  'replaced-left': {
    exit: 3,
    sentence: (d) => `"${d.database}" is restored, but what it replaced could not be dropped: "${d.name}".`,
    hint: (d) => `Drop it when its sessions have ended: DROP DATABASE "${d.name}" WITH (FORCE);`,
  },
  'tables-unknown': {
    exit: 2,
    sentence: (d) => `${d.backup} holds no table ${d.tables}.`,
    hint: (d) => `Names are case-sensitive and begin with their schema. The nearest: ${d.nearest}.`,
  },
  'table-needed': {
    exit: 2,
    sentence: (d) => `Table ${d.table} ${d.why}, and cannot be replaced because others need it: ${d.dependents}.`,
    hint: () => 'Nothing was changed. Restore it beside (another schema, or a suffix), and copy what you need.',
  },
  'table-exists': {
    exit: 2,
    sentence: (d) => `There is something called ${d.name} in database "${d.database}" already.`,
    hint: () => 'Nothing was changed. Choose another schema or suffix.',
  },
  'tables-refused': {
    exit: 3,
    sentence: (d) => `The tables could not be restored, and database "${d.database}" is as before: ${d.message}`,
    hint: () => 'Mend the cause, or restore the tables beside: then nothing of the database is in the way.',
  },
  // Drills
  'restore-failed': {
    exit: 3,
    sentence: (d) => `The restore could not be carried out, which says nothing about the backup: ${d.message}`,
    hint: (d) =>
      /role "/.test(d.message ?? '')
        ? 'The archive needs a role that this server lacks; make it from <backup>.globals.sql, or drill on another server.'
        : 'Mend the cause on the server, then drill again.',
  },
  'createdb-missing': {
    exit: 3,
    sentence: (d) => `The user "${d.user}" may not create databases, and a drill needs one of its own.`,
    hint: (d) => `As a superuser: ALTER ROLE "${d.user}" CREATEDB;`,
  },
  'drill-unprepared': {
    exit: 3,
    sentence: (d) => `This drill cannot be carried out here, for ${d.count} reasons. ${d.reasons}`,
    hint: (d) => d.hints ?? 'Mend each of them, then drill again.',
  },
  'extensions-missing': {
    exit: 3,
    sentence: (d) => `The server lacks extensions that the backup needs: ${d.extensions}.`,
    hint: (d) => `Install them for PostgreSQL ${d.server} (Debian: postgresql-${d.major}-<name>, postgresql-contrib).`,
  },
  'server-space': {
    exit: 3,
    sentence: (d) => `The restored database needs about ${d.needed}, and ${d.folder} has ${d.free}.`,
    hint: () => 'Free some space there, or drill elsewhere: --server=own uses the folder that TMPDIR names.',
  },
  'own-server-missing': {
    exit: 3,
    sentence: (d) => `No PostgreSQL server to start for the drill (wanted: ${d.wanted}; installed: ${d.installed}).`,
    hint: () =>
      'Install the package postgresql-<major>, or name the folder of its programs: --server=own:/usr/lib/postgresql/17/bin',
  },
  'own-server-failed': {
    exit: 3,
    sentence: (d) => `The drill's own PostgreSQL ${d.version} could not be started: ${d.message}`,
    hint: () =>
      'It works in the folder that TMPDIR names, which it must be able to enter: PostgreSQL does not run as root. --server=given does without.',
  },
  'test-database-failed': {
    exit: 3,
    sentence: (d) => `The test database "${d.database}" could not be made: ${d.message}`,
    hint: () => 'It says nothing about the backup. Mend the cause on the server, then drill again.',
  },
  'test-database-left': {
    exit: 3,
    sentence: (d) => `The test database "${d.database}" could not be removed.`,
    hint: (d) => `Remove it when its sessions have ended: DROP DATABASE "${d.database}" WITH (FORCE);`,
  },
  'content-unreadable': {
    exit: 3,
    sentence: (d) => `The content of database "${d.database}" could not be read: ${d.message}`,
    hint: () => 'The user must be able to read everything: the owner, or a superuser.',
  },
  // The backup service
  'listen-failed': {
    exit: 2,
    sentence: (d) => `The service cannot listen on ${d.address}: ${d.reason}.`,
    hint: () => 'Set METRICS_LISTEN to an address of this machine and a port that is free.',
  },
  'lease-lost': {
    exit: 3,
    sentence: (d) => `The lease of the backup service was lost: ${d.reason}.`,
    hint: () => 'What ran was ended and removed; the agent that holds the lease now does it.',
  },
  'run-too-long': {
    exit: 3,
    sentence: (d) => `The ${d.what} was ended because it did not come to its end within 20 hours.`,
    hint: () => 'Something blocks it: look for locks in pg_stat_activity, and at the disk and the network.',
  },
  // The lab
  'lab-missing': {
    exit: 3,
    sentence: (d) => (d.folder ? `There is no lab in ${d.folder}.` : 'No lab is up.'),
    hint: () => 'Run "drillbook lab up".',
  },
  'lab-folder-taken': {
    exit: 2,
    sentence: (d) => `${d.folder} is not empty, so a lab cannot be made in it.`,
    hint: () => 'Name an empty folder, or none: a new one is made then.',
  },
  'lab-folder-closed': {
    exit: 2,
    sentence: (d) =>
      `${d.folder} cannot be entered by the user that PostgreSQL runs as, because it refuses to run as root.`,
    hint: () => 'Name a folder that every user may enter, with all folders above it, or none: a new one is made then.',
  },
  'service-not-started': {
    exit: 3,
    sentence: (d) => `The lab's ${d.service} did not start: ${d.message}`,
    hint: (d) => `Its output is in ${d.log}.`,
  },
  'backend-not-ready': {
    exit: 3,
    sentence: (d) => `The application runs, but it is not ready: ${d.reason}.`,
    hint: (d) => `It tries again by itself. Its log: ${d.log}`,
  },
  'service-port-taken': {
    exit: 3,
    sentence: (d) => `The lab's ${d.service} cannot start: another program took its port ${d.port} meanwhile.`,
    hint: () => 'End that program, or make a new lab: "drillbook lab reset".',
  },
  // The Compose stack and its engine
  'engine-missing': {
    exit: 3,
    sentence: (d) => `No Docker engine answers, ${d.reason}.`,
    hint: () =>
      'Start Docker, or set DOCKER_HOST to one that runs. As root on Debian, Drillbook starts one of its own from the distribution’s packages.',
  },
  'engine-too-old': {
    exit: 3,
    sentence: (d) => `The Docker engine is ${d.version}; the stack needs ${d.least} or newer.`,
    hint: () => 'Update Docker, or set DOCKER_HOST to a newer engine.',
  },
  'engine-not-started': {
    exit: 3,
    sentence: (d) => `The private Docker engine did not start: ${d.reason}`,
    hint: (d) => `Its output is in ${d.log}.`,
  },
  'compose-missing': {
    exit: 3,
    sentence: () => 'The docker client has no Compose plugin of version 2.20 or newer.',
    hint: () =>
      'Install the package docker-compose-plugin (docker-compose-v2 on Ubuntu, docker-compose on Debian 13), or run as root on Debian.',
  },
  'stack-secret-differs': {
    exit: 2,
    sentence: (d) => `${d.name} is another one than this stack was made with.`,
    hint: (d) =>
      `Leave ${d.name} unset, or set it to the old value. To change it, change it in the server first, then in the volume "secrets".`,
  },
  'stack-secret-unwritable': {
    exit: 2,
    sentence: (d) => `The secret ${d.file} cannot be written: ${d.reason}.`,
    hint: () => 'The folder that SECRETS names must be writable by user 1002, or hold every file already.',
  },
  // Steps and rehearsals
  'step-unpublished': {
    exit: 2,
    sentence: (d) => `No page in ${d.folder} has a block with step=${d.step}.`,
    hint: () => 'A script is named after the step whose block it runs; give both the same name.',
  },
  'step-parameters': {
    exit: 2,
    sentence: (d) => `Parameters of the page are missing or wrong: ${d.faults}.`,
    hint: () => 'Export them, or put NAME=value before the command; --help lists them.',
  },
  'step-refused': {
    exit: 1,
    sentence: (d) => `Step "${d.step}" was not run: ${d.reason}.`,
    hint: () => 'Nothing was changed. Mend the reason, then run the step again.',
  },
  'step-unconfirmed': {
    exit: 2,
    sentence: (d) => `Not confirmed: this destroys ${d.target}.`,
    hint: (d) => `Nothing was changed. Type the name on a terminal, or give --confirm=${d.name}.`,
  },
  'step-failed': {
    exit: 1,
    sentence: (d) => `${d.reason}. Expected: ${d.expected}. Received: ${d.received}`,
    hint: (d) => `The page says, below step "${d.step}", what to do then.`,
  },
  'step-untrue': {
    exit: 1,
    sentence: (d) => `Step "${d.step}" ended well, but what it promises is not true: ${d.reason}`,
    hint: () => 'Do not go on with the next step.',
  },
  'lab-foreign': {
    exit: 3,
    sentence: (d) => `The server ${d.server} was not made by this lab, so no rehearsal touches it.`,
    hint: () => 'Rehearse in a lab: "drillbook rehearse" makes one when DRILLBOOK_LAB is not set.',
  },
  'page-missing': {
    exit: 2,
    sentence: (d) => `There is no page ${d.path}.`,
    hint: () => 'Name an .md or .mdx file, or a folder that holds one; without a name all runbooks are rehearsed.',
  },
} as const satisfies Record<string, Entry>;

export type FailureCode = keyof typeof FAILURES;

/** What went wrong, for a person. `code` is stable and may be matched by scripts. */
export class Failure extends Error {
  readonly code: FailureCode;
  readonly hint: string;
  readonly exit: ExitStatus;

  constructor(code: FailureCode, detail: Detail = {}, options?: { cause?: unknown }) {
    const entry: Entry = FAILURES[code];
    super(entry.sentence(detail), options);
    this.name = 'Failure';
    this.code = code;
    this.hint = entry.hint(detail);
    this.exit = entry.exit;
  }
}

/** SIGINT or SIGTERM ended the work; by the time this is thrown, everything acquired has been released. */
export class Interrupted extends Error {
  readonly signal: 'SIGINT' | 'SIGTERM';
  constructor(signal: 'SIGINT' | 'SIGTERM') {
    super(`Interrupted by ${signal}; everything that was made has been removed.`);
    this.name = 'Interrupted';
    this.signal = signal;
  }
  /** 130 for SIGINT, 143 for SIGTERM, as shells report them. */
  get exit(): 130 | 143 {
    return this.signal === 'SIGINT' ? 130 : 143;
  }
}
