/** Outputs that assert too little. */
import { isManyLines } from './elision.ts';
import { error, warning } from './fault.ts';
import type { Fault, Page, Step } from './model.ts';

const VERIFYING = /\b(?:verif\w*|validat\w*|check\w*|prove\w*|count\w*|compare\w*)\b/i;
/** An elision where a figure would stand: a word of its own, not part of one, and not a line's beginning or end. */
const FIGURE = /\S[\s|:(=]+…(?=[\s|),.]|$)|^\s*…(?=\s+\S)/;

/** Errors for outputs of nothing but `…`; warnings for figures and checksum names that could be asserted. */
export function checkOutputs(page: Page): Fault[] {
  const seen = new Set<number>();
  return page.steps.flatMap((step) => {
    if (step.output === undefined || seen.has(step.output.line)) return [];
    seen.add(step.output.line);
    return check(step, step.output);
  });
}

function check(step: Step, output: NonNullable<Step['output']>): Fault[] {
  const lines = output.text.split('\n').filter((line) => line.trim() !== '');
  if (lines.length > 0 && lines.every(isManyLines))
    return [error('output-empty', output, 'an output of nothing but … asserts nothing: show a line that must come')];
  const faults: Fault[] = [];
  const place = (line: string) => ({
    line: output.line + 1 + output.text.split('\n').indexOf(line),
    column: Math.max(1, line.indexOf('…') + 1),
  });
  for (const line of lines)
    if (/^\s*…[^>]*: (?:OK|ok)\b/.test(line))
      faults.push(
        warning(
          'output-elided',
          place(line),
          'the checksum line elides the name of its file; write it, e.g. "$BACKUP: OK"',
        ),
      );
  const first = lines.find((line) => FIGURE.test(line) && !isManyLines(line));
  const literalFigure = lines.some((line) => /\d/.test(line.replace(/…>0/g, '')) || line.includes('…>0'));
  if (
    first !== undefined &&
    !literalFigure &&
    (VERIFYING.test(step.id.replaceAll('-', ' ')) || VERIFYING.test(step.heading))
  )
    faults.push(
      warning(
        'output-elided',
        place(first),
        'a verifying step elides its every figure; assert one, or at least that it is above zero with …>0',
      ),
    );
  return faults;
}
