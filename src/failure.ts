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
    hint: (d) => `Run "drillbook ${d.command} --help" for examples.`,
  },
  // Programs of the machine
  'program-missing': {
    exit: 3,
    sentence: (d) => `${d.program} was not found.`,
    hint: (d) => d.ways ?? `Install ${d.program} and put it in PATH.`,
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
  'service-not-started': {
    exit: 3,
    sentence: (d) => `The lab's ${d.service} did not start: ${d.message}`,
    hint: (d) => `Its output is in ${d.log}.`,
  },
  'service-port-taken': {
    exit: 3,
    sentence: (d) => `The lab's ${d.service} cannot start: another program took its port ${d.port} meanwhile.`,
    hint: () => 'End that program, or make a new lab: "drillbook lab reset".',
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
