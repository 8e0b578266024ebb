/** The pages that are to be rehearsed, with their scripts, and everything that is wrong with them before they run. */
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Failure } from '../failure.ts';
import { destructive } from '../runbook/destructive.ts';
import { error } from '../runbook/fault.ts';
import { sortFaults } from '../runbook/messages.ts';
import type { Fault, Page } from '../runbook/model.ts';
import { parsePage } from '../runbook/parse.ts';
import { checkAcross } from '../runbook/repository.ts';
import type { StepScript } from './step.ts';

export type LoadedPage = {
  page: Page;
  /** Absolute. */
  file: string;
  /** By step id. */
  scripts: ReadonlyMap<string, StepScript>;
  /** By step id, for the transcript's hash. */
  scriptTexts: Record<string, string>;
};

/**
 * @param root the project's folder; its runbooks and docs are held to the stricter rules of this repository
 * @param paths pages, folders with an index page, or names of runbooks; none: all runbooks
 * @throws Failure page-missing
 */
export async function loadPages(root: string, paths: string[]): Promise<LoadedPage[]> {
  const known = globSync('runbooks/*/index.{md,mdx}', { cwd: root }).sort();
  const runbooks = new Map(
    known.map((path) => {
      const page = parsePage(readFileSync(join(root, path), 'utf8'), path, { repository: true });
      return [page.name, page] as const;
    }),
  );
  const files = paths.length === 0 ? known.map((path) => join(root, path)) : paths.map((path) => fileOf(root, path));
  return await Promise.all(files.map((file) => load(root, file, runbooks)));
}

function fileOf(root: string, path: string): string {
  const candidates = [
    path,
    join(path, 'index.mdx'),
    join(path, 'index.md'),
    join(root, path),
    join(root, path, 'index.mdx'),
    join(root, 'runbooks', path, 'index.mdx'),
  ].map((candidate) => resolve(candidate));
  const file = candidates.find((candidate) => existsSync(candidate) && statSync(candidate).isFile());
  if (file === undefined || !/\.mdx?$/.test(file)) throw new Failure('page-missing', { path });
  return file;
}

async function load(root: string, file: string, runbooks: ReadonlyMap<string, Page>): Promise<LoadedPage> {
  const path = relative(root, file);
  const own = /^(?:runbooks|docs)\//.test(path);
  const page = parsePage(readFileSync(file, 'utf8'), path, { repository: own });
  const faults: Fault[] = checkAcross(page, runbooks);
  const scripts = new Map<string, StepScript>();
  const scriptTexts: Record<string, string> = {};
  for (const step of page.steps) {
    const script = join(dirname(file), `${step.id}.ts`);
    if (!existsSync(script)) {
      if (own)
        faults.push(error('script-missing', step, `step "${step.id}" has no script ${step.id}.ts beside the page`));
      continue;
    }
    if (!scripts.has(step.id)) {
      const loaded = await importScript(script);
      if (loaded === undefined) {
        faults.push(error('script-wrong', step, `${step.id}.ts does not export default step(import.meta, { … })`));
        continue;
      }
      scripts.set(step.id, loaded);
      scriptTexts[step.id] = readFileSync(script, 'utf8');
    }
    const [first] = destructive(step.command);
    const declared = scripts.get(step.id)?.destroysTemplate ?? [];
    if (first !== undefined && declared.length === 0) {
      const at = { line: step.commandLine + first.position.line - 1, column: first.position.column };
      faults.push(
        error('destroys-missing', at, `"${first.what}" destroys, and ${step.id}.ts does not say what: add destroys`),
      );
    }
  }
  page.faults = sortFaults([...page.faults, ...faults]);
  return { page, file, scripts, scriptTexts };
}

async function importScript(file: string): Promise<StepScript | undefined> {
  const module: { default?: unknown } = await import(pathToFileURL(file).href);
  const script = module.default;
  const isScript = typeof script === 'object' && script !== null && 'destroysTemplate' in script && 'id' in script;
  // `step` is the only maker of such objects.
  return isScript ? (script as StepScript) : undefined;
}
