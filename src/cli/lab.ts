/** `drillbook lab`: the practice stack. A person rehearses in it by hand, as a rehearsal does by itself. */
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { Failure } from '../failure.ts';
import { currentLab, forgetLab, rememberLab } from '../lab/current.ts';
import { furnish, furnishedLab } from '../lab/furnished.ts';
import type { Lab, Service } from '../lab/lab.ts';
import { waitForBackend } from '../lab/ready.ts';
import { SAMPLE_ROWS } from '../lab/sample/create.ts';
import { keepLab, removeOrphans, resetLab } from '../lab/up.ts';
import { attend } from '../process.ts';
import type { Report } from '../progress.ts';
import type { LabName } from '../runbook/model.ts';
import { command } from './command.ts';

type Work = {
  service: string | undefined;
  kind: LabName;
  rows: number;
  /** Whether the command line says how many. */
  rowsGiven: boolean;
  json: boolean;
  reader: 'administrator' | 'plain-owner';
  report: Report;
  print: (text: string) => void;
  signal: AbortSignal;
};

const ACTIONS: Record<string, (work: Work) => Promise<void>> = {
  up,
  down,
  status,
  shell,
  reset,
  stop: async (work) => {
    const { name, service } = serviceOf(await currentLab(), work);
    await service.stop();
    work.print(`${name} is stopped\n`);
  },
  start: async (work) => {
    const lab = await currentLab();
    const { name, service } = serviceOf(lab, work);
    await service.start();
    if (name === 'backend') await waitForBackend(lab, work.signal);
    work.print(`${name} is running\n`);
  },
  logs: async (work) => {
    const { service } = serviceOf(await currentLab(), work);
    await service.collect?.();
    await pipeline(createReadStream(service.log), process.stdout, { end: false });
  },
};

export const lab = command({
  name: 'lab',
  summary: 'The practice stack: PostgreSQL, an object store and the sample application, all of them disposable.',
  examples: [
    ['drillbook lab up', 'make it, with the sample database'],
    ['drillbook lab up --rows 1000000', 'with about a million rows'],
    ['drillbook lab up --lab compose', 'in containers, with Docker Compose'],
    ['drillbook lab shell', 'a terminal as its reader has it; exit leaves it'],
    ['drillbook lab status', 'what runs, where, and where it logs'],
    ['drillbook lab stop backend', 'stop one of postgres, minio, backend; start it again with "start"'],
    ['drillbook lab logs backend', 'print what it logged'],
    ['drillbook lab reset', 'everything as after "up", under the same addresses'],
    ['drillbook lab down', 'stop and remove everything'],
  ],
  args: {
    action: { type: 'positional', required: true, description: Object.keys(ACTIONS).join(', ') },
    service: { type: 'positional', required: false, description: 'postgres, minio or backend' },
    rows: { type: 'string', description: `rows of the sample, 10000 to 5000000; ${SAMPLE_ROWS} without it` },
    lab: { type: 'string', default: 'local', description: 'the kind of lab that "up" makes: local or compose' },
    reader: { type: 'string', default: 'administrator', description: 'whose shell: administrator or plain-owner' },
    json: { type: 'boolean', default: false, description: 'status as JSON' },
  },
  async run({ args, report, print, signal }) {
    const perform = Object.hasOwn(ACTIONS, args.action) ? ACTIONS[args.action] : undefined;
    if (perform === undefined) throw wrong(`"${args.action}"`, `is none of ${Object.keys(ACTIONS).join(', ')}`);
    const rows = Number(args.rows ?? SAMPLE_ROWS);
    if (!Number.isInteger(rows) || rows < 10_000 || rows > 5_000_000)
      throw wrong('--rows', 'must be a whole number from 10000 to 5000000');
    const { service, json, reader, lab: kind } = args;
    if (kind !== 'local' && kind !== 'compose') throw wrong('--lab', 'must be local or compose');
    if (reader !== 'administrator' && reader !== 'plain-owner')
      throw wrong('--reader', 'must be administrator or plain-owner');
    if (service !== undefined && !['stop', 'start', 'logs'].includes(args.action))
      throw wrong(`"${service}"`, `"lab ${args.action}" takes no service`);
    const rowsGiven = args.rows !== undefined;
    if (rowsGiven && !['up', 'reset'].includes(args.action))
      throw wrong('--rows', `"lab ${args.action}" makes no sample`);
    await perform({ service, kind, rows, rowsGiven, json, reader, report, print, signal });
    return 0;
  },
});

async function up({ kind, rows, rowsGiven, report, print, signal }: Work): Promise<void> {
  const there = await labThatIsUp();
  if (there !== undefined) {
    if (rowsGiven) report({ kind: 'note', text: rowsUnused(there.folder, rows) });
    for (const service of Object.values(there.services)) await service.start();
    await waitForBackend(there, signal);
    return show(there, print);
  }
  // A folder that DRILLBOOK_LAB names is where the lab belongs; it is found again by that name.
  const folder = process.env.DRILLBOOK_LAB || undefined;
  const made = await furnishedLab({ kind, rows, report, signal, ...(folder === undefined ? {} : { folder }) });
  if (folder === undefined) rememberLab(made.folder);
  keepLab(made.folder);
  await show(made, print);
}

/** Undefined where there is none; what else keeps us from it is told. */
async function labThatIsUp(): Promise<Lab | undefined> {
  try {
    return await currentLab();
  } catch (error) {
    if (error instanceof Failure && error.code === 'lab-missing') return undefined;
    throw error;
  }
}

function rowsUnused(folder: string, rows: number): string {
  return `The lab in ${folder} has its sample already, so --rows was not looked at; "drillbook lab reset --rows ${rows}" makes it anew.`;
}

async function reset({ rows, report, print, signal }: Work): Promise<void> {
  const made = await resetLab((await currentLab()).folder, { rows, report, signal });
  await furnish(made, { rows, report, signal });
  await show(made, print);
}

async function down({ print }: Work): Promise<void> {
  const there = await labThatIsUp();
  const removed = [...(there === undefined ? [] : [there.folder]), ...(await removeOrphans())];
  if (there !== undefined) {
    await there.down();
    forgetLab(there.folder);
  }
  print(removed.length === 0 ? 'No lab is up.\n' : removed.map((folder) => `removed ${folder}\n`).join(''));
}

async function status({ json, print }: Work): Promise<void> {
  await show(await currentLab(), print, json);
}

async function shell({ reader }: Work): Promise<void> {
  const there = await currentLab();
  const { program, args, env } = there.shell(reader);
  await attend(program, args, { ...env, TERM: process.env.TERM ?? 'xterm-256color' });
}

async function show(there: Lab, print: Work['print'], json = false): Promise<void> {
  const { postgres, store } = there.settings;
  const addresses = {
    postgres: `${postgres.host}:${postgres.port}`,
    minio: store.endpoint.origin,
    backend: there.backendUrl,
  };
  const services = await Promise.all(
    Object.entries(addresses).map(async ([name, address]) => {
      const { service } = serviceOf(there, { service: name });
      return { name, running: await service.running(), address, log: service.log };
    }),
  );
  if (json) return print(`${JSON.stringify({ folder: there.folder, versions: there.versions, services }, null, 2)}\n`);
  const line = (service: (typeof services)[number]) =>
    [service.name.padEnd(9), (service.running ? 'running' : 'stopped').padEnd(8), service.address, service.log].join(
      ' ',
    );
  print(`${[`lab in ${there.folder}`, ...services.map(line)].join('\n')}\n`);
}

function serviceOf(there: Lab, { service }: { service: string | undefined }): { name: string; service: Service } {
  const found = Object.entries(there.services).find(([name]) => name === service);
  if (found !== undefined) return { name: found[0], service: found[1] };
  throw wrong(service === undefined ? 'A service' : `"${service}"`, 'must be postgres, minio or backend');
}

function wrong(argument: string, reason: string): Failure {
  return new Failure('argument-wrong', { command: 'lab', argument, reason });
}
