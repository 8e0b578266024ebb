/** Where a page's parameters stand in a command or in a text, as pieces to show. */
import { placeholders } from '../runbook/fill.ts';

/** A piece of text; `name`: it is that parameter, as it is written. */
export type Part = { text: string; name?: string };
type Place = { start: number; end: number; name: string };

/** Places in a command: those that `fill` fills. */
export function placesInCommand(command: string, names: readonly string[]): Place[] {
  return placeholders(command).filter(({ name }) => names.includes(name));
}

/** Places in the block that exports the parameters: as `fillParametersBlock` fills, also `NAME="$NAME"`. */
export function placesInParametersBlock(command: string, names: readonly string[]): Place[] {
  const exported = [...command.matchAll(/\b([A-Za-z_]\w*)=("?)(\$(?:\1\b|\{\1\}))\2/g)].map((match) => {
    const [whole, name = '', quote = '', variable = ''] = match;
    const start = match.index + whole.length - quote.length - variable.length;
    return { start, end: start + variable.length, name };
  });
  return [...exported.filter(({ name }) => names.includes(name)), ...placesInCommand(command, names)].sort(
    (a, b) => a.start - b.start,
  );
}

/** Places in an expected output or in running text: `$NAME` and `${NAME}`. */
export function placesInText(text: string, names: readonly string[]): Place[] {
  return [...text.matchAll(/\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})/g)]
    .map((match) => ({ start: match.index, end: match.index + match[0].length, name: match[1] ?? match[2] ?? '' }))
    .filter(({ name }) => names.includes(name));
}

/** Cuts a text at places; what they leave between them has no name. */
export function cut(text: string, places: readonly Place[]): Part[] {
  const parts: Part[] = [];
  let end = 0;
  for (const place of places) {
    if (place.start > end) parts.push({ text: text.slice(end, place.start) });
    parts.push({ text: text.slice(place.start, place.end), name: place.name });
    end = place.end;
  }
  if (end < text.length) parts.push({ text: text.slice(end) });
  return parts;
}

/** Running text in pieces. */
export function splitVariables(text: string, names: readonly string[]): Part[] {
  return cut(text, placesInText(text, names));
}
