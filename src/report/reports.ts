/** Which reports are wanted, and where each goes: `text,junit=FILE,json=FILE,github`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Rehearsal } from '../rehearsal/result.ts';
import { githubReport } from './github.ts';
import { jsonReport } from './json.ts';
import { junitReport } from './junit.ts';
import { reportText } from './text.ts';

const FORMS = { text: reportText, json: jsonReport, junit: junitReport, github: githubReport } as const;

export type WantedReport = { form: keyof typeof FORMS; file: string | undefined };

/** Undefined and the reason when the list is wrong. */
export function parseReports(
  list: string,
): { reports: WantedReport[]; reason?: undefined } | { reports?: undefined; reason: string } {
  const reports: WantedReport[] = [];
  for (const part of list.split(',')) {
    const [form = '', ...rest] = part.split('=');
    const file = rest.length === 0 ? undefined : rest.join('=');
    if (!isForm(form)) return { reason: `there is no report "${form}"; there are ${Object.keys(FORMS).join(', ')}` };
    if (file === '') return { reason: `${form}= needs the name of a file` };
    reports.push({ form, file });
  }
  const printed = reports.filter(({ file }) => file === undefined);
  if (printed.length > 1 && printed.some(({ form }) => form === 'json' || form === 'junit'))
    return {
      reason: 'json and junit on standard output leave no room for another report there; write to a file: json=FILE',
    };
  return { reports };
}

/** Writes each report to its file, or prints it. */
export function writeReports(reports: WantedReport[], rehearsal: Rehearsal, print: (text: string) => void): void {
  for (const { form, file } of reports) {
    const text = FORMS[form](rehearsal);
    if (file === undefined) print(text);
    else {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
  }
}

function isForm(name: string): name is keyof typeof FORMS {
  return Object.hasOwn(FORMS, name);
}
