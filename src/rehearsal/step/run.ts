/**
 * One step as a program: `npx zx runbooks/<name>/<id>.ts`. Guard, confirmation, the published bytes, and whether what
 * they claim is true.
 */
import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { Failure, Interrupted } from '../../failure.ts';
import { Container } from '../../lab/container.ts';
import { attachLab } from '../../lab/up.ts';
import { connect } from '../../postgres/connection.ts';
import type { LabName, Page } from '../../runbook/model.ts';
import { readSettings } from '../../settings.ts';
import { type Performed, resultOf } from '../performed.ts';
import { LIMITS, type Limits } from '../terminal/terminal.ts';
import { runBytes } from './bytes.ts';
import { confirm } from './confirm.ts';
import { type Check, destroysTemplate, type StepContext, type StepDefinition } from './definition.ts';
import { CONTAINER, LIMITS_OF_STEP, PAGE, RESULT_FILE } from './handed-back.ts';
import { identitiesOf } from './identity.ts';
import { placeHere, placeIn } from './place.ts';
import { type Published, parametersOf, published } from './published.ts';

export type StepProgram = { folder: string; id: string; definition: StepDefinition; args: string[] };

/** Performs the step and returns the exit status: 0, 1 it failed or refused, 2 usage, 3 undecided, 130/143. */
export async function runStep(program: StepProgram): Promise<number> {
  const controller = new AbortController();
  const onSignal = (name: 'SIGINT' | 'SIGTERM') => controller.abort(new Interrupted(name));
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  try {
    return await performProgram(program, controller.signal);
  } catch (error) {
    if (error instanceof Interrupted) {
      process.stderr.write(`Interrupted by ${error.signal}; the block was ended where it was.\n`);
      return error.exit;
    }
    if (!(error instanceof Failure)) throw error;
    process.stderr.write(`error: ${error.message} [${error.code}]\n  ${error.hint}\n`);
    return error.exit;
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

async function performProgram({ folder, id, definition, args }: StepProgram, signal: AbortSignal): Promise<number> {
  const flags = readFlags(id, args);
  const lab = flags.lab ?? (await labKind());
  const page = process.env[PAGE];
  const found = published(folder, id, page === undefined ? { lab } : { page, lab });
  if (flags.help) {
    process.stdout.write(helpOf(found, definition));
    return 0;
  }
  const parameters = parametersOf(found.page, process.env);
  const container = containerFrom(process.env[CONTAINER]);
  const context = contextOf(parameters, container, signal);
  const handBack = process.env[RESULT_FILE];
  refuse(id, await firstRefusal(definition.before ?? [], context));
  const targets = definition.destroys?.(parameters) ?? [];
  const databases = targets.filter(({ kind }) => kind === 'database').map(({ name }) => name);
  const identities = await identitiesOf(found, context);
  refuse(id, identities?.refusal([...namedDatabases(found.page, parameters), ...databases]));
  // The harness has made sure that this server is the lab's own; a person is always asked, in a lab too.
  if (targets.length > 0 && handBack !== undefined) await onlyInLab(context);
  else if (targets.length > 0) await confirm(targets, flags.confirm, context);
  if (databases.length > 0) refuse(id, await identities?.refusalMeanwhile(databases));
  identities?.forget();

  const limits: Limits = { ...LIMITS, timeout: 86_400_000, ...JSON.parse(process.env[LIMITS_OF_STEP] ?? '{}') };
  const environment = container === undefined ? { ...process.env, ...parameters } : parameters;
  for (const name of [RESULT_FILE, PAGE, LIMITS_OF_STEP]) delete environment[name];
  const ran = await runBytes(found.step.command, {
    environment,
    folder: process.cwd(),
    ...(container === undefined ? {} : { container }),
    limits,
    signal,
    show: (text) => process.stdout.write(text),
  });
  signal.throwIfAborted();
  await identities?.note();
  const result = resultOf(found.step, ran, parameters);
  const after =
    result.flaw === undefined ? await afterwards(definition, { ...context, output: result.output }) : undefined;
  if (handBack !== undefined) {
    const handed: Performed = after === undefined ? ran : { ...ran, guard: after };
    writeFileSync(handBack, JSON.stringify(handed));
  }
  const { flaw } = result;
  if (flaw !== undefined)
    throw new Failure('step-failed', {
      step: id,
      reason: `${found.page.path}:${flaw.line}:${flaw.column} ${flaw.reason}`,
      expected: flaw.expected ?? '',
      received: flaw.received ?? '',
    });
  if (after !== undefined) throw new Failure('step-untrue', { step: id, reason: after });
  return 0;
}

/** @throws Failure step-refused when there is a reason */
function refuse(step: string, reason: string | undefined): void {
  if (reason !== undefined) throw new Failure('step-refused', { step, reason });
}

function namedDatabases(page: Page, parameters: Record<string, string>): string[] {
  return page.parameters.filter(({ kind }) => kind === 'database').map(({ name }) => parameters[name] ?? '');
}

async function firstRefusal(checks: Check[], context: StepContext): Promise<string | undefined> {
  for (const check of checks) {
    const reason = await check.reason(context);
    if (reason !== undefined) return `not true that ${check.title}: ${reason}`;
    process.stderr.write(`  ✓ ${check.title}\n`);
  }
  return undefined;
}

async function afterwards(
  definition: StepDefinition,
  context: StepContext & { output: string },
): Promise<string | undefined> {
  try {
    return (await definition.after?.(context)) ?? undefined;
  } catch (error) {
    if (error instanceof Failure && error.exit === 1) return error.message;
    throw error;
  }
}

function containerFrom(text: string | undefined): Container | undefined {
  return text === undefined ? undefined : Container.parse(JSON.parse(text));
}

function contextOf(
  parameters: Record<string, string>,
  container: Container | undefined,
  signal: AbortSignal,
): StepContext {
  const settings = () => readSettings();
  return {
    parameters,
    place: container === undefined ? placeHere(process.cwd()) : placeIn(container),
    settings,
    connect: (database = 'postgres') => connect(settings().postgres, { database, signal }),
    signal,
  };
}

/** @throws Failure lab-foreign unless the server that this step would reach is the one that the lab made */
async function onlyInLab(context: StepContext): Promise<void> {
  const lab = await attachLab(process.env.DRILLBOOK_LAB ?? '');
  const { host, port } = context.settings().postgres;
  const own = lab.settings.postgres;
  const here = `${process.env.PGHOST ?? host}:${process.env.PGPORT ?? port}`;
  if (`${host}:${port}` !== `${own.host}:${own.port}` || here !== `${own.host}:${own.port}`)
    throw new Failure('lab-foreign', { server: here === `${own.host}:${own.port}` ? `${host}:${port}` : here });
}

/** Production runs in Compose; in a lab it is the lab's kind. */
async function labKind(): Promise<LabName> {
  const folder = process.env.DRILLBOOK_LAB;
  return folder === undefined ? 'compose' : (await attachLab(folder)).kind;
}

type Flags = { help: boolean; confirm: string[]; lab?: LabName };

function readFlags(id: string, args: string[]): Flags {
  const flags: Flags = { help: false, confirm: [] };
  for (const arg of args) {
    const [, name, value] = /^--([\w-]+)(?:=(.*))?$/.exec(arg) ?? [];
    if (arg === '--help' || arg === '-h') flags.help = true;
    else if (name === 'confirm' && value) flags.confirm.push(value);
    else if (name === 'lab' && (value === 'local' || value === 'compose')) flags.lab = value;
    else throw new Failure('flag-unknown', { command: `${id}.ts`, flag: arg, nearest: '--confirm=<name>' });
  }
  return flags;
}

function helpOf({ page, step }: Published, definition: StepDefinition): string {
  const parameters = page.parameters.map(
    ({ name, help, default: preset }) => `  ${name.padEnd(12)} ${help}${preset === undefined ? '' : ` (${preset})`}`,
  );
  const destroys = destroysTemplate(definition).map((target) => `  ${target}`);
  const section = (title: string, lines: string[]) => (lines.length === 0 ? '' : `\n${title}\n${lines.join('\n')}\n`);
  const script = `${relative(process.cwd(), page.path).replace(/[^/]*$/, '')}${step.id}.ts`;
  return [
    `${step.heading}: the step "${step.id}" of “${page.title}”.\n`,
    `\nUSAGE  ${page.parameters.map(({ name }) => `${name}=… `).join('')}npx zx ${script} [--confirm=<name>] [--lab=local|compose]\n`,
    section('PARAMETERS, from the environment', parameters),
    section(
      'BEFORE IT RUNS',
      (definition.before ?? []).map(({ title }) => `  ${title}`),
    ),
    section('DESTROYS, after its name was typed or given with --confirm=<name>', destroys),
    section(
      'RUNS',
      step.command.split('\n').map((line) => `  ${line}`),
    ),
    section('EXIT STATUS', ['  0 done · 1 failed or refused · 2 wrong parameters · 3 could not be decided']),
  ].join('');
}
