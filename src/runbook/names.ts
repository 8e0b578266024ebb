/** Names that the frontmatter derives from parameters: `leaves` and `proves`. */
import { error, unknown } from './fault.ts';
import type { Frontmatter } from './frontmatter.ts';
import type { Fault, Page } from './model.ts';
import { LONGEST_DATABASE, LONGEST_NAME_BYTES } from './parameters.ts';
import { tooLong } from './sql-check.ts';

/** Only declared parameters, and nothing that PostgreSQL would cut. */
export function checkNames(page: Page, front: Frontmatter): Fault[] {
  const faults: Fault[] = [];
  const texts = page.leaves.map((text) => ({ text, position: front.at('runbook', 'leaves') }));
  if (page.proves.kind === 'copy')
    texts.push({ text: page.proves.database, position: front.at('runbook', 'proves', 'copy') });
  const names = page.parameters.map(({ name }) => name);
  for (const { text, position } of texts) {
    const uses = [...text.matchAll(/\$(?:\{(\w+)\}|([A-Za-z_]\w*))/g)].map((match) => match[1] ?? match[2] ?? '');
    for (const use of uses)
      if (!names.includes(use)) faults.push(error('variable-unknown', position, unknown('parameter', use, names)));
    const parameter = page.parameters.find(({ name, kind }) => kind === 'database' && uses.includes(name));
    const added = text.replace(/\$(?:\{\w+\}|[A-Za-z_]\w*)/g, '').length;
    if (parameter !== undefined && added + LONGEST_DATABASE > LONGEST_NAME_BYTES)
      faults.push(error('name-too-long', position, tooLong(parameter.name, added)));
  }
  return faults;
}
