/**
 * The script lane: each step's zx script is started as a person starts it (`npx zx runbooks/<name>/<id>.ts`), with the
 * parameters exported. The script runs the published bytes and leaves what they printed in a file of ours, so that its
 * own remarks are not taken for the block's output.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lastLines, stream } from '../../process.ts';
import type { Step } from '../../runbook/model.ts';
import { hidden, hider } from '../hide.ts';
import { resultOf } from '../performed.ts';
import type { StepResult } from '../result.ts';
import { CONTAINER, LIMITS_OF_STEP, PAGE, parseHandedBack, RESULT_FILE } from '../step/handed-back.ts';
import { LIMITS } from '../terminal/terminal.ts';
import { inOrder, type LaneOptions, stepsFor } from './lane.ts';

const ZX = join(dirname(createRequire(import.meta.url).resolve('zx')), 'cli.js');
/** Performs the block of a page elsewhere that has no script, under the default guards. */
const DEFAULT_SCRIPT = fileURLToPath(new URL('../step/default.ts', import.meta.url));
/** What a script may say beside its block, in characters. */
const REMARKS = 100_000;

export async function performScript(options: LaneOptions): Promise<StepResult[]> {
  return await inOrder(options, stepsFor(options), (step) => performOne(options, step));
}

async function performOne(options: LaneOptions, step: Step): Promise<StepResult> {
  const { values, environment, pageFile, signal } = options;
  const place = placeOf(options, step);
  const hide = hider(environment);
  const limits = { ...LIMITS, ...options.limits };
  const own = join(dirname(pageFile), `${step.id}.ts`);
  const [script, args] = existsSync(own) ? [own, []] : [DEFAULT_SCRIPT, [step.id]];
  const handed = await mkdtemp(join(tmpdir(), 'drillbook-step-'));
  try {
    const file = join(handed, 'result.json');
    const since = performance.now();
    const running = await stream(process.execPath, [ZX, script, ...args], {
      env: {
        ...place.environment,
        ...values,
        [RESULT_FILE]: file,
        [PAGE]: pageFile,
        [LIMITS_OF_STEP]: JSON.stringify(limits),
      },
      cwd: place.folder,
      // The script ends its block by itself; this is for a script that hangs in its own guards.
      timeout: limits.timeout + 60_000,
      ...(signal === undefined ? {} : { signal }),
    });
    running.stdin.end();
    let remarks = '';
    running.stdout.setEncoding('utf8').on('data', (text: string) => {
      remarks = (remarks + text).slice(-REMARKS);
    });
    const { status, stderr } = await running.ended;
    const seconds = (performance.now() - since) / 1000;
    const result = existsSync(file) ? parseHandedBack(await readFile(file, 'utf8')) : undefined;
    if (result === undefined)
      return resultOf(
        step,
        { status: status || 1, output: '', seconds, guard: hide(lastLines(stderr || remarks)) },
        values,
      );
    return resultOf(step, hidden(result, hide), values);
  } finally {
    await rm(handed, { recursive: true, force: true });
  }
}

/** A script runs on this machine in any case; in a container only its block does. */
function placeOf({ environment, folders, containers }: LaneOptions, { where }: Step) {
  if (containers === undefined) return { environment, folder: folders[where] };
  if (where === 'host') return { environment: containers.host, folder: folders.host };
  const handed = { [CONTAINER]: JSON.stringify(containers.toolbox) };
  return { environment: { ...containers.outside, ...handed }, folder: folders.host };
}
