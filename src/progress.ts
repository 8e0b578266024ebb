/**
 * How long work tells what it is doing. Functions of the core take a `Report` and know nothing of terminals; the CLI
 * draws it as a live line on a terminal and as plain lines elsewhere.
 */

export type ProgressEvent =
  | { kind: 'stage'; title: string }
  | { kind: 'amount'; done: number; total: number | null; unit: 'bytes' | 'rows' | 'tables' | 'steps' }
  | { kind: 'note'; text: string };

export type Report = (event: ProgressEvent) => void;

/** For callers that do not want to hear of it. */
export const silent: Report = () => {};
