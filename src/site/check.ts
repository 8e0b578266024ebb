/** Holds every page against the format before any is rendered, so that all faults are told at once. */
import { globSync } from 'node:fs';
import { messageOf, sortFaults } from '../runbook/messages.ts';
import type { Page } from '../runbook/model.ts';
import { checkAcross } from '../runbook/repository.ts';
import { readPage } from './page.ts';

/** Every page of the site lies here; a name that starts with `_` is none. */
export const PATTERNS = ['docs/**/[^_]*.{md,mdx}', 'runbooks/*/index.{md,mdx}'];

/** One line per fault, `file:line:column reason (rule)`; empty when all is well. */
export function faultsOfAll(root: string): string[] {
  const pages = globSync(PATTERNS, { cwd: root })
    .sort()
    .map((file) => readPage(file, root).page);
  const runbooks = new Map<string, Page>(
    pages.filter(({ path }) => path.startsWith('runbooks/')).map((page) => [page.name, page]),
  );
  return pages.flatMap((page) =>
    sortFaults([...page.faults, ...checkAcross(page, runbooks)])
      .filter(({ severity }) => severity === 'error')
      .map((fault) => messageOf(fault, page.path)),
  );
}
