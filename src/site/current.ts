/** The runbook that is being rendered. */
import { type PageView, readPage } from './page.ts';

/** Undefined on every page that has no steps. */
export function pageOf(route: { entry: { filePath?: string } }): PageView | undefined {
  const file = route.entry.filePath;
  // Starlight's own page for what is missing names a file that does not exist.
  if (file === undefined || !/^(docs|runbooks)\//.test(file)) return undefined;
  const view = readPage(file);
  return view.blocks.size === 0 ? undefined : view;
}
