/** What holds for the pages of this repository and not for pages elsewhere. */
import { error, unknown } from './fault.ts';
import type { Frontmatter } from './frontmatter.ts';
import { type Fault, type Page, SCENARIOS } from './model.ts';

/** The rules that one page can be held against alone. Pages without `runbook:` and without steps are only read. */
export function checkOwnPage(page: Page, front: Frontmatter): Fault[] {
  if (!front.isRunbook && page.steps.length === 0) return [];
  const faults: Fault[] = [];
  if (page.parameters.length > 0 && page.parametersBlock === undefined)
    faults.push(
      error(
        'parameters-missing',
        front.at('runbook', 'parameters'),
        'a page with parameters needs the block that exports them: ```bash parameters',
      ),
    );
  const named = new Set<string>([
    ...page.scenarios.map(({ name }) => name),
    ...page.excludes.map(({ scenario }) => scenario),
  ]);
  // A scenario whose end could not be read has its own fault.
  const missing = SCENARIOS.filter(
    (name) => !named.has(name) && front.at('runbook', 'scenarios', name).line === front.at('runbook', 'scenarios').line,
  );
  if (missing.length > 0)
    faults.push(
      error(
        'scenario-missing',
        front.at('runbook', 'scenarios'),
        `each scenario is named, or excluded with a reason; missing: ${missing.join(', ')}`,
      ),
    );
  const kinds = new Set(page.parameters.map(({ kind }) => kind));
  const done = page.scenarios.find(({ outcome }) => outcome.kind === 'done');
  if (page.proves.kind === 'equal' && done !== undefined && !(kinds.has('backup') && kinds.has('database')))
    faults.push(
      error(
        'proves-missing',
        front.at('runbook', 'scenarios', done.name),
        'done means that the database equals the backup: declare a parameter of each kind, or say with "proves" what else it means',
      ),
    );
  return faults;
}

/**
 * The rules between pages: quoted bytes are the step's own, and a recovery leads to a step that exists.
 * @param runbooks by name
 */
export function checkAcross(page: Page, runbooks: ReadonlyMap<string, Page>): Fault[] {
  const names = [...runbooks.keys()];
  const faults: Fault[] = [];
  for (const quote of page.quotes) {
    const runbook = runbooks.get(quote.runbook);
    const steps = runbook?.steps.filter((step) => step.id === quote.step) ?? [];
    if (runbook === undefined) faults.push(error('quotes-unknown', quote, unknown('runbook', quote.runbook, names)));
    else if (steps.length === 0)
      faults.push(
        error(
          'quotes-unknown',
          quote,
          unknown(
            'step',
            quote.step,
            runbook.steps.map((step) => step.id),
          ),
        ),
      );
    else if (!steps.some((step) => step.command === quote.command))
      faults.push(
        error(
          'quotes-differ',
          quote,
          `these are not the bytes of ${quote.runbook}/${quote.step} (${runbook.path}:${steps[0]?.line})`,
        ),
      );
  }
  for (const { outcome, position } of page.scenarios) {
    if (outcome.kind !== 'fails') continue;
    const { runbook: name, step } = outcome.recoverWith;
    const runbook = name === page.name ? page : runbooks.get(name);
    if (runbook === undefined) faults.push(error('scenario-recovery', position, unknown('runbook', name, names)));
    else if (!runbook.steps.some(({ id }) => id === step))
      faults.push(
        error(
          'scenario-recovery',
          position,
          unknown(
            'step',
            step,
            runbook.steps.map(({ id }) => id),
          ),
        ),
      );
  }
  return faults;
}
