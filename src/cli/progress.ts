/**
 * Draws progress on standard error: on a terminal one live line per stage that ends with how long it took, elsewhere
 * plain lines. Standard output stays free for results.
 */
import type { ProgressEvent, Report } from '../progress.ts';

const FORMAT = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });

export type Progress = {
  report: Report;
  /** Writes a result to standard output, after the line of the last stage is closed. */
  print(text: string): void;
  /** Closes the line of the last stage; may be called more than once. */
  end(): void;
};

export function drawProgress(out: NodeJS.WriteStream = process.stderr): Progress {
  const live = out.isTTY === true;
  let stage: { title: string; since: number } | undefined;
  const clear = () => live && out.write('\r\x1b[K');
  const end = () => {
    if (stage === undefined) return;
    clear();
    out.write(`  ${stage.title} (${seconds(Date.now() - stage.since)})\n`);
    stage = undefined;
  };
  const report: Report = (event) => {
    if (event.kind === 'stage') {
      end();
      stage = { title: event.title, since: Date.now() };
      if (live) out.write(`\r\x1b[K… ${event.title}`);
    } else if (event.kind === 'note') {
      clear();
      out.write(`  ${event.text}\n`);
    } else if (live && stage !== undefined) {
      out.write(`\r\x1b[K… ${stage.title}: ${amount(event)}`);
    }
  };
  const print = (text: string) => {
    end();
    process.stdout.write(text);
  };
  return { report, print, end };
}

/** 850 → "0.9 s", 75_000 → "1 min 15 s"; takes milliseconds. */
export function seconds(milliseconds: number): string {
  const total = milliseconds / 1000;
  if (total < 59.95) return `${FORMAT.format(total)} s`;
  const whole = Math.round(total);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** 1_500_000 → "1.5 MB". */
export function bytes(count: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  const step = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, count)) / 3)));
  return `${FORMAT.format(count / 1000 ** step)} ${units[step]}`;
}

function amount(event: Extract<ProgressEvent, { kind: 'amount' }>): string {
  const show = (value: number) => (event.unit === 'bytes' ? bytes(value) : `${FORMAT.format(value)} ${event.unit}`);
  if (event.total === null) return show(event.done);
  const share = event.total === 0 ? 100 : Math.floor((100 * event.done) / event.total);
  return `${show(event.done)} of ${show(event.total)} (${share} %)`;
}
