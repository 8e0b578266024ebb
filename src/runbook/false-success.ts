/** Lines that mean failure whatever the exit status says; a block with `errors="why"` may print them honestly. */
import { clean } from './clean.ts';

const SIGNS = [
  /\b(?:ERROR|FATAL|PANIC):/,
  /(?:^|[\s:])error: /i,
  /<ERROR>/,
  /errors ignored on restore/,
  /not in gzip format/,
  /command not found/,
  /event not found/,
  /No such file/,
] as const;

export type FalseSuccess = {
  /** Of the cleaned output, from 1. */
  line: number;
  text: string;
};

/** The lines of an output (raw) that say it failed. */
export function falseSuccess(output: string): FalseSuccess[] {
  return clean(output)
    .map((text, index) => ({ line: index + 1, text }))
    .filter(({ text }) => SIGNS.some((sign) => sign.test(text)));
}
