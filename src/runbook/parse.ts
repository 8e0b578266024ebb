/**
 * A page's text → what it is. Pure: no file is read, nothing is run. Every fault is positioned and collected; a page is
 * always read to its end.
 */

import { checkCommands } from './bash.ts';
import { type Block, readDocument } from './blocks.ts';
import { checkFacts } from './facts.ts';
import { error, unknown, warning } from './fault.ts';
import { readFrontmatter } from './frontmatter.ts';
import { labOf, whereOf } from './labels.ts';
import { familyOf, isBash, looksLikeCommands } from './languages.ts';
import { sortFaults } from './messages.ts';
import type { ExpectedOutput, Fault, Page, Step } from './model.ts';
import { checkNames } from './names.ts';
import { checkOutcome } from './outcome.ts';
import { checkOutputs } from './output-check.ts';
import { checkOwnPage } from './repository.ts';

export type ParseOptions = {
  /** The page belongs to this repository: the stricter rules hold (docs/reference/format.md). */
  repository?: boolean;
};

/** @param path relative to the project; `.mdx` is read as MDX */
export function parsePage(text: string, path: string, options: ParseOptions = {}): Page {
  const repository = options.repository ?? false;
  const document = readDocument(text.replaceAll('\r\n', '\n'), path.endsWith('.mdx'));
  const front = readFrontmatter(document.frontmatter?.text, document.frontmatter?.line ?? 2, repository);
  const faults: Fault[] = [...document.faults, ...front.faults];
  const page: Page = {
    path,
    name: nameOf(path),
    title: front.title ?? document.heading ?? nameOf(path),
    description: front.description ?? '',
    parameters: front.parameters,
    scenarios: front.scenarios,
    excludes: front.excludes.map(({ scenario, reason }) => ({ scenario, reason })),
    proves: front.proves,
    leaves: front.leaves,
    ...(front.rto === undefined ? {} : { rto: front.rto }),
    repeatable: front.repeatable,
    equivalent: front.equivalent,
    facts: front.facts,
    promisedAt: {
      rto: front.at('runbook', 'rto'),
      repeatable: front.at('runbook', 'repeatable'),
      facts: Object.fromEntries(Object.keys(front.facts).map((name) => [name, front.at('runbook', 'facts', name)])),
    },
    labs: front.labs,
    steps: [],
    quotes: [],
    illustrative: 0,
    faults: [],
  };
  const commands = new Map<Step, Block>();
  const outputs: Block[] = [];
  for (const block of document.blocks) {
    faults.push(...block.labels.faults, ...checkLanguage(block));
    take(block, page, commands, outputs, faults);
  }
  attachOutputs(outputs, page, faults);
  checkScenarioSteps(page, faults);
  const unproven = /content unproven/i.test(text);
  faults.push(
    ...checkOutputs(page),
    ...checkCommands(page, commands, { repository, unproven, declared: front.declared }),
    ...checkNames(page, front),
    ...checkFacts(page, front, `${page.description} ${document.prose}`),
  );
  if (repository) faults.push(...checkOwnPage(page, front));
  page.faults = sortFaults(faults);
  return page;
}

/** The folder's name for `runbooks/<name>/index.mdx`, else the path without its extension. */
function nameOf(path: string): string {
  return /(?:^|\/)runbooks\/([^/]+)\/index\.mdx?$/.exec(path)?.[1] ?? path.replace(/\.mdx?$/, '');
}

/** Every command is executed, or says why not. */
function checkLanguage(block: Block): Fault[] {
  const { role } = block.labels;
  const family = familyOf(block.language);
  const fence = { line: block.line, column: 1 };
  // A label that is wrong in itself has been reported; the block is not reported once more for lacking one.
  const unlabelled = role === undefined && block.labels.faults.length === 0;
  if (unlabelled && (family === 'shell' || family === 'console' || family === 'sql'))
    return [
      error(
        'block-unlabelled',
        fence,
        `this ${block.language} block has no label: ${isBash(block.language) ? 'step=<id>, ' : ''}quotes=<runbook>/<step> or illustrative="why"`,
      ),
    ];
  if (unlabelled && family === 'none' && looksLikeCommands(block.text))
    return [
      warning(
        'block-language',
        fence,
        'this looks like commands, and without a language nobody runs it: use bash with step=<id>',
      ),
    ];
  if ((role === 'step' || role === 'parameters') && !isBash(block.language)) {
    const label = block.labels[role] ?? fence;
    const only = family === 'console' || family === 'sql' ? '; this can only be illustrative or quotes' : '';
    return [
      error('step-language', label, `steps are bash, not ${block.language ?? 'a block without language'}${only}`),
    ];
  }
  if (role === 'output' && (family === 'shell' || family === 'sql'))
    return [error('output-language', block.labels.output ?? fence, `an output is text, not ${block.language}`)];
  return [];
}

function take(block: Block, page: Page, commands: Map<Step, Block>, outputs: Block[], faults: Fault[]): void {
  const { labels } = block;
  if (labels.role === 'illustrative') page.illustrative += 1;
  if (labels.role === 'output') outputs.push(block);
  if (labels.role === 'quotes' && labels.quotes) {
    const [runbook = '', step = ''] = labels.quotes.value.split('/');
    page.quotes.push({ line: labels.quotes.line, column: labels.quotes.column, runbook, step, command: block.text });
  }
  if (labels.role === 'parameters' && labels.parameters) {
    const step = stepOf(block, 'parameters', labels.parameters);
    if (page.parametersBlock !== undefined)
      faults.push(
        error('parameters-repeated', step, `there is a parameters block already, on line ${page.parametersBlock.line}`),
      );
    else if (page.steps.length > 0)
      faults.push(error('parameters-late', step, 'the parameters block stands before the first step'));
    page.parametersBlock ??= step;
    commands.set(step, block);
  }
  if (labels.role === 'step' && labels.step) {
    const step = stepOf(block, labels.step.value, labels.step);
    faults.push(...checkRepeated(step, page.steps));
    page.steps.push(step);
    commands.set(step, block);
  }
}

function stepOf(block: Block, id: string, label: { line: number; column: number }): Step {
  const lab = labOf(block.labels);
  const errors = block.labels.errors?.value;
  return {
    line: label.line,
    column: label.column,
    id,
    command: block.text,
    commandLine: block.line + 1,
    where: whereOf(block.labels),
    ...(lab === undefined ? {} : { lab }),
    ...(errors === undefined ? {} : { errors }),
    heading: block.heading,
  };
}

/** One id, one step; or one per lab. */
function checkRepeated(step: Step, before: readonly Step[]): Fault[] {
  const twin = before.find(
    (one) => one.id === step.id && (one.lab === undefined || step.lab === undefined || one.lab === step.lab),
  );
  if (twin === undefined) return [];
  const way = 'variants of a step need lab=local and lab=compose';
  return [error('step-repeated', step, `step "${step.id}" is on line ${twin.line} already; ${way}`)];
}

/** Each output belongs to the step it names: to the variant of its lab, or to all variants. */
function attachOutputs(blocks: readonly Block[], page: Page, faults: Fault[]): void {
  const ids = [...new Set(page.steps.map((step) => step.id))];
  for (const block of blocks) {
    const label = block.labels.output;
    if (label === undefined || label.value === '') continue;
    const lab = labOf(block.labels);
    const variants = page.steps.filter((step) => step.id === label.value);
    const steps = variants.filter((step) => lab === undefined || step.lab === lab);
    const output: ExpectedOutput = {
      line: label.line,
      column: label.column,
      text: block.text,
      onStop: block.labels.on?.value === 'stop',
    };
    if (variants.length === 0) faults.push(error('output-step', label, unknown('step', label.value, ids)));
    else if (steps.length === 0)
      faults.push(error('output-step', label, `step "${label.value}" has no variant for lab=${lab}`));
    for (const step of steps) {
      if (step.output !== undefined) {
        faults.push(
          error('output-repeated', label, `step "${step.id}" has its output on line ${step.output.line} already`),
        );
        break;
      }
      step.output = output;
    }
  }
}

function checkScenarioSteps(page: Page, faults: Fault[]): void {
  const ids = [...new Set(page.steps.map((step) => step.id))];
  for (const { outcome, position } of page.scenarios) faults.push(...checkOutcome(outcome, ids, position));
}
