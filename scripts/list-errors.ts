/** Writes the table of errors (src/failure.ts) as docs/reference/errors.md; `--check` only compares. */
import { readFileSync, writeFileSync } from 'node:fs';
import { FAILURES } from '../src/failure.ts';

const FILE = new URL('../docs/reference/errors.md', import.meta.url);
/** Every value that a message is filled with, as `<name>`. */
const NAMES = new Proxy<Record<string, string>>({}, { get: (_, name) => `<${String(name)}>` });

const page = `---
title: Errors
description: Every error a person can meet - its code, what it says, what to do, and the exit status.
---

An error has a code, a sentence that says what is wrong, and a hint that says what to do. Codes are stable: scripts may match them.

| exit status | meaning |
| --- | --- |
| 0 | true: proven, restorable, listed, done |
| 1 | disproved, or a page is wrong |
| 2 | wrong command line or settings |
| 3 | it could not be decided: a service is down, no space. That says nothing about a backup |
| 130, 143 | interrupted by Ctrl-C or SIGTERM; what was made has been removed |

| code | exit | what it says | what to do |
| --- | --- | --- | --- |
${Object.entries(FAILURES).sort().map(row).join('\n')}
`;

if (!process.argv.includes('--check')) writeFileSync(FILE, page);
else if (readFileSync(FILE, 'utf8') !== page) {
  console.error('docs/reference/errors.md is out of date: run `npm run generate`.');
  process.exitCode = 1;
}

function row([code, failure]: [string, (typeof FAILURES)[keyof typeof FAILURES]]): string {
  const cells = [`\`${code}\``, String(failure.exit), failure.sentence(NAMES), failure.hint(NAMES)];
  return `| ${cells.map(cell).join(' | ')} |`;
}

/** One line, with nothing that Markdown would read as markup. */
function cell(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .trim()
    .replaceAll('|', '\\|')
    .replace(/<(\w+)>/g, '*$1*')
    .replace(/<NAME>/g, 'NAME')
    .replace(/[<>]/g, '');
}
