/** Runs the project's programs as a person would, with nothing but the given environment. */
import { join } from 'node:path';
import { type Ran, run } from '../../src/process.ts';

const ROOT = join(import.meta.dirname, '../..');

/** `drillbook …` */
export function drillbook(args: readonly string[], env: Record<string, string>, signal?: AbortSignal): Promise<Ran> {
  return program([join(ROOT, 'src/cli/drillbook.ts'), ...args], env, signal);
}

/** A zx script of `scripts/`, as `npx zx` runs it. */
export function zxScript(name: string, args: readonly string[], env: Record<string, string>): Promise<Ran> {
  return program([join(ROOT, 'node_modules/.bin/zx'), join(ROOT, 'scripts', name), ...args], env);
}

function program(args: string[], env: Record<string, string>, signal?: AbortSignal): Promise<Ran> {
  return run(process.execPath, args, { env, cwd: ROOT, timeout: 120_000, ...(signal === undefined ? {} : { signal }) });
}
