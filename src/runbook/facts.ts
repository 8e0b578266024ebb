/**
 * `facts` in the frontmatter: figures that the page's text states, so that a rehearsal can compare them with measured
 * ones. Counts repeat exactly; sizes and times do not, so those say `±` or `under`.
 */
import { error, unknown } from './fault.ts';
import type { Frontmatter } from './frontmatter.ts';
import type { Fault, Page } from './model.ts';

type Kind = 'count' | 'bytes' | 'seconds';

/** What can be measured. `time.<step>` is the time of one step. */
const KINDS: Record<string, Kind> = { tables: 'count', rows: 'count', archive: 'bytes', time: 'seconds' };

/** In bytes and seconds. */
const UNITS: Record<Kind, Record<string, number>> = {
  count: { '': 1, table: 1, tables: 1, row: 1, rows: 1 },
  bytes: { bytes: 1, kB: 1e3, MB: 1e6, GB: 1e9, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 },
  seconds: { s: 1, second: 1, seconds: 1, min: 60, minute: 60, minutes: 60, h: 3600, hour: 3600, hours: 3600 },
};

const FIGURE =
  /^(under )?(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(?: ?([A-Za-z]+))?(?: ?(?:±|\+\/-) ?(\d+(?:\.\d+)?) ?%)?$/;

export type Figure = {
  kind: Kind;
  /** As the page's text has it: `12 tables`, `1.4 MB`. */
  text: string;
  /** Bytes and seconds for sizes and times. */
  value: number;
  under: boolean;
  /** Percent; 0: exactly. */
  tolerance: number;
};

/** Undefined and the reason when it is no figure of this fact. */
export function parseFigure(
  name: string,
  given: string,
): { figure: Figure; reason?: never } | { figure?: never; reason: string } {
  const kind = kindOf(name);
  const words = given.trim().replace(/\s+/g, ' ');
  const [, under, number = '', unit = '', percent] = FIGURE.exec(words) ?? [];
  const units = UNITS[kind];
  const one = Object.hasOwn(units, unit) ? units[unit] : undefined;
  if (number === '' || one === undefined)
    return { reason: `"${given}" is no figure; a ${kind === 'count' ? 'count' : 'figure'} is ${EXAMPLES[kind]}` };
  if (kind !== 'count' && under === undefined && percent === undefined)
    return { reason: `"${given}" never repeats exactly: say how far off it may be, as ${EXAMPLES[kind]}` };
  const text = unit === '' ? number : `${number} ${unit}`;
  const value = Number(number.replaceAll(',', '')) * one;
  return { figure: { kind, text, value, under: under !== undefined, tolerance: Number(percent ?? 0) } };
}

const EXAMPLES: Record<Kind, string> = {
  count: '"12 tables" or "40,000 rows ± 5 %"',
  bytes: '"1.4 MB ± 20 %" or "under 2 GB"',
  seconds: '"5 s ± 50 %" or "under 1 minute"',
};

/** Whether a measured value, in bytes or seconds for sizes and times, is what the figure says. */
export function holds({ value, under, tolerance }: Figure, measured: number): boolean {
  const margin = (value * tolerance) / 100;
  return under ? measured < value + margin : Math.abs(measured - value) <= margin;
}

/** Each fact is one that is measured, has its form, and its figure stands in the text that a reader sees. */
export function checkFacts(page: Page, front: Frontmatter, prose: string): Fault[] {
  const steps = [...new Set(page.steps.map(({ id }) => id))];
  const valid = [...Object.keys(KINDS), ...steps.map((id) => `time.${id}`)];
  return Object.entries(page.facts).flatMap(([name, given]) => {
    const position = front.at('runbook', 'facts', name);
    if (!valid.includes(name)) return [error('fact-unknown', position, unknown('fact', name, valid))];
    const { figure, reason } = parseFigure(name, given);
    if (figure === undefined) return [error('fact-form', position, `${name}: ${reason}`)];
    if (states(prose, figure.text)) return [];
    return [error('fact-not-in-text', position, `${name}: "${figure.text}" stands nowhere in the text of the page`)];
  });
}

/** The whole figure: `12 tables` is not stated by `112 tables`, nor by `12 tablespaces`. */
function states(prose: string, figure: string): boolean {
  const escaped = figure.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`(?<![\\w.,])${escaped}(?![\\w]|[.,]\\d)`).test(prose);
}

function kindOf(name: string): Kind {
  return (Object.hasOwn(KINDS, name) ? KINDS[name] : undefined) ?? 'seconds';
}
