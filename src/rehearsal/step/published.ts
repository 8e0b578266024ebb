/** Finds the bytes that a step's script runs: its block in the page beside it. There is no second copy of them. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { Failure } from '../../failure.ts';
import type { LabName, Page, Step } from '../../runbook/model.ts';
import { checkValue } from '../../runbook/parameters.ts';
import { parsePage } from '../../runbook/parse.ts';
import type { Parameters } from './definition.ts';

export type Published = { page: Page; step: Step };

/**
 * @param folder where the script and its page lie
 * @param options.page the page's file, when it is known
 * @throws Failure step-unpublished
 */
export function published(folder: string, id: string, options: { page?: string; lab: LabName }): Published {
  for (const file of options.page === undefined ? pagesIn(folder) : [options.page]) {
    const page = parsePage(readFileSync(file, 'utf8'), relative(process.cwd(), file));
    const variants = page.steps.filter((step) => step.id === id);
    const step =
      variants.find((variant) => variant.lab === options.lab) ?? variants.find(({ lab }) => lab === undefined);
    if (step !== undefined) return { page, step };
  }
  throw new Failure('step-unpublished', { step: id, folder: relative(dirname(folder), folder) });
}

/**
 * The page's parameters from the environment, defaults applied.
 * @throws Failure step-parameters, which names all that are missing or wrong
 */
export function parametersOf(page: Page, environment: Record<string, string | undefined>): Parameters {
  const faults: string[] = [];
  const values: Parameters = {};
  for (const { name, kind, default: preset } of page.parameters) {
    const value = environment[name] ?? preset;
    const fault = value === undefined ? 'is not set' : checkValue(kind, value);
    if (fault !== undefined || value === undefined) faults.push(`${name} (${fault})`);
    else values[name] = value;
  }
  if (faults.length > 0) throw new Failure('step-parameters', { faults: faults.join(', ') });
  return values;
}

/** `index.mdx` first. */
function pagesIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => /\.mdx?$/.test(name))
    .sort((a, b) => Number(b.startsWith('index.')) - Number(a.startsWith('index.')) || a.localeCompare(b))
    .map((name) => join(folder, name));
}
