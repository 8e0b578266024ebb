/** What a rehearsal costs beyond the commands of the page: every runbook in `intact`, in both lanes. */
import { waitForBackend } from '../../src/lab/ready.ts';
import { createSample } from '../../src/lab/sample/create.ts';
import { labUp } from '../../src/lab/up.ts';
import type { Report } from '../../src/progress.ts';
import { rehearse } from '../../src/rehearsal/matrix.ts';
import { loadPages } from '../../src/rehearsal/pages.ts';
import type { LaneName, Verdict } from '../../src/rehearsal/result.ts';

/** All times in seconds. */
export type RehearsalFigures = {
  runbook: string;
  lane: LaneName;
  verdict: Verdict;
  steps: number;
  /** Of the page's commands alone. */
  commands: number;
  /** Of performing the page beyond its commands: terminals, guards, programs that start, looking at the server. */
  beyond: number;
  /** Of the whole run: also resetting the lab, proving the end state, and in the reader's lane pasting the page once more. */
  whole: number;
};

/** The size that `drillbook rehearse` itself works with. */
const ROWS = 10_000;

export async function measureRehearsals(root: string, { report, signal }: { report: Report; signal: AbortSignal }) {
  await using lab = await labUp({ report, signal });
  await createSample(lab, { rows: ROWS, report, signal });
  await lab.services.backend.start();
  await waitForBackend(lab, signal);
  const figures: RehearsalFigures[] = [];
  let since = performance.now();
  await rehearse(await loadPages(root, []), {
    lab,
    scenarios: ['intact'],
    report: (event) => {
      if (event.kind === 'stage') since = performance.now(); // the last stage before a run's end is the run
      report(event);
    },
    onRun: ({ runbook }, { lane, verdict, seconds, steps }) => {
      const commands = steps.reduce((sum, step) => sum + step.seconds, 0);
      const whole = (performance.now() - since) / 1000;
      figures.push({ runbook, lane, verdict, steps: steps.length, commands, beyond: seconds - commands, whole });
    },
    signal,
  });
  return { versions: lab.versions, figures };
}
