/**
 * The one block that exports a page's parameters. Everywhere else an assignment is no place for a parameter; here
 * `export NAME="$NAME"` is the form itself, and what is shown, copied and pasted has the value on its right side.
 */
import type { Values } from './elision.ts';
import { fill } from './fill.ts';

/** The block with each value filled in, also on the right side of a parameter's own export. */
export function fillParametersBlock(text: string, values: Values): string {
  const exported = text.replace(/\b([A-Za-z_]\w*)=("?)\$(?:\1\b|\{\1\})\2/g, (whole, name: string, quote: string) =>
    Object.hasOwn(values, name) ? `${name}=${quote}${values[name]}${quote}` : whole,
  );
  return fill(exported, values);
}
