/**
 * What a step's script imports: `export default step(import.meta, { before, destroys, after })` in
 * `runbooks/<name>/<id>.ts`. Started alone (`npx zx runbooks/<name>/<id>.ts`) it performs the step; imported, it only
 * says what it guards.
 */
import { realpathSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { destroysTemplate, type StepDefinition } from './step/definition.ts';
import { runStep } from './step/run.ts';

export { applicationIsStopped } from './step/application.ts';
export {
  /** @public for pages of others */
  archiveIsReadable,
  archiveMatchesChecksum,
  databaseExists,
  databaseIsAbsent,
  serverIsReachable,
} from './step/checks.ts';
export { database, file } from './step/definition.ts';
export { enoughDiskSpace } from './step/disk-space.ts';

export type StepScript = StepDefinition & {
  id: string;
  /** What it destroys, with `${NAME}` for each parameter. */
  destroysTemplate: string[];
};

export function step(meta: ImportMeta, definition: StepDefinition = {}): StepScript {
  const id = basename(meta.filename, '.ts');
  const args = argumentsOf(meta.filename);
  if (args !== undefined)
    void runStep({ folder: dirname(meta.filename), id, definition, args }).then(
      (status) => {
        process.exitCode = status;
      },
      (bug: unknown) => {
        process.stderr.write(`${bug instanceof Error ? bug.stack : String(bug)}\n`);
        process.exitCode = 70;
      },
    );
  return { ...definition, id, destroysTemplate: destroysTemplate(definition) };
}

/** What follows the script on the command line, of node or of zx; undefined when it was only imported. */
function argumentsOf(script: string): string[] | undefined {
  const at = process.argv.findIndex((argument, index) => index > 0 && index < 3 && isSame(argument, script));
  return at === -1 ? undefined : process.argv.slice(at + 1);
}

function isSame(argument: string, script: string): boolean {
  try {
    return realpathSync(argument) === realpathSync(script);
  } catch {
    return false;
  }
}
