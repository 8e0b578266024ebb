/** A lab as a reader finds it: with the sample database, and the sample application running and ready. */
import type { Report } from '../progress.ts';
import type { LabName } from '../runbook/model.ts';
import { composeUp } from './compose/up.ts';
import type { Lab } from './lab.ts';
import { waitForBackend } from './ready.ts';
import { createSample } from './sample/create.ts';
import { labUp } from './up.ts';

export type FurnishOptions = {
  /** The kind of lab; without it, a local one. */
  kind?: LabName;
  rows: number;
  /** As of `labUp`. */
  folder?: string;
  report: Report;
  signal?: AbortSignal | undefined;
};

/** Makes the sample, where the lab has not made it itself, and starts the application. @throws Failure backend-not-ready */
export async function furnish(lab: Lab, options: FurnishOptions): Promise<void> {
  const { report, signal } = options;
  if (lab.kind === 'local') await createSample(lab, options);
  report({ kind: 'stage', title: 'Starting the application' });
  await lab.services.backend.start();
  await waitForBackend(lab, signal);
}

/** A new lab with the sample; when that fails, there is no lab. @throws as `labUp` and `furnish` */
export async function furnishedLab(options: FurnishOptions): Promise<Lab & AsyncDisposable> {
  const lab = await (options.kind === 'compose' ? composeUp(options) : labUp(options));
  try {
    await furnish(lab, options);
    return lab;
  } catch (error) {
    await lab.down();
    throw error;
  }
}
