/** SQL that goes on after an error, parameters that stand bare in SQL, and names that PostgreSQL would cut. */
import { type Command, forEachChild, parse, type SyntaxNode } from 'unbash';
import type { Block } from './blocks.ts';
import { error } from './fault.ts';
import { type Placeholder, scan } from './fill.ts';
import type { Fault, Page } from './model.ts';
import { LONGEST_DATABASE, LONGEST_NAME_BYTES } from './parameters.ts';
import { commandStrings, psqlOf, type SqlText, sqlOf } from './sql.ts';
import { hasFlag, hereDocuments, textOf } from './words.ts';

export function checkSql(source: string, page: Page, block: Block): Fault[] {
  const faults: Fault[] = [];
  const kinds = new Map(page.parameters.map(({ name, kind }) => [name, kind]));
  const places = scan(source, []).placeholders.filter(({ name }) => kinds.has(name));
  const sql: SqlText[] = [];
  const visit = (node: SyntaxNode, piped: boolean) => {
    if (node.type === 'Command') {
      sql.push(...sqlOf(node));
      if (goesOn(node, source, piped))
        faults.push(
          error(
            'psql-goes-on',
            block.locate(node.pos),
            'psql goes on after an error here and ends with status 0: add -v ON_ERROR_STOP=1',
          ),
        );
    }
    if (node.type === 'Pipeline')
      node.commands.forEach((one, index) => {
        visit(one, index > 0);
      });
    else forEachChild(node, (child) => visit(child, piped && node.type === 'Redirected'));
  };
  visit(parse(source), false);
  for (const place of places) {
    const text = sql.find(({ start, end }) => place.start >= start && place.end <= end);
    if (text !== undefined && isBare(source, text, place))
      faults.push(
        error(
          'parameter-sql',
          block.locate(place.start),
          `in SQL $${place.name} stands inside double quotes, or is passed with -v name="$${place.name}" and written :"name"`,
        ),
      );
    const name = nameAround(source, place);
    if (kinds.get(place.name) === 'database' && name.length + LONGEST_DATABASE > LONGEST_NAME_BYTES)
      faults.push(error('name-too-long', block.locate(place.start), tooLong(place.name, name.length)));
  }
  return faults;
}

/** Names that `leaves` and `proves` derive, too, must fit. */
export function tooLong(parameter: string, added: number): string {
  return `a name of ${LONGEST_DATABASE} bytes in ${parameter} becomes ${LONGEST_DATABASE + added} here, and PostgreSQL cuts at ${LONGEST_NAME_BYTES}: add at most ${LONGEST_NAME_BYTES - LONGEST_DATABASE}`;
}

/** The letters, digits and underscores that stand directly around a placeholder. */
function nameAround(source: string, { start, end }: Placeholder): string {
  return (/\w*$/.exec(source.slice(0, start))?.[0] ?? '') + (/^\w*/.exec(source.slice(end))?.[0] ?? '');
}

/** psql reads statements from its input, a file, or several `-c`, and nothing tells it to stop. */
function goesOn(node: Command, source: string, piped: boolean): boolean {
  const psql = psqlOf(node);
  if (psql === undefined) return false;
  const stops = /ON_ERROR_STOP(?:=|\s+)["']?(?:1|on|true|yes)\b/i;
  if (stops.test(source.slice(node.pos, node.end)) || hereDocuments(node).some(({ body }) => stops.test(body.text)))
    return false;
  const strings = commandStrings(psql.args).length;
  const file = hasFlag(psql.args, ['--file'], 'f') !== undefined || psql.args.some((word) => /^-f./.test(textOf(word)));
  const input = node.redirects.some(({ type, operator }) => type !== 'Redirect' || operator === '<');
  return strings > 1 || file || (strings === 0 && (input || piped));
}

/** Neither inside "…" nor inside '…' of the SQL; the shell's own quotes around a `-c` string are not the SQL's. */
function isBare(source: string, text: SqlText, place: Placeholder): boolean {
  let at = text.start;
  let shellQuote = '';
  if (text.from !== 'here-document') {
    while (at < place.start && !/["']/.test(source.charAt(at))) at += 1;
    if (at >= place.start) return true;
    shellQuote = source.charAt(at);
    at += 1;
  }
  let quote = '';
  for (; at < place.start; at += 1) {
    let character = source.charAt(at);
    if (character === '\\' && shellQuote === '"') {
      at += 1;
      character = source.charAt(at);
    } else if (shellQuote !== '' && character === shellQuote) {
      // The shell's quote ends and another may begin: 'SELECT "'"$X"'"'
      shellQuote = '';
      continue;
    } else if (shellQuote === '' && text.from !== 'here-document' && /["']/.test(character)) {
      shellQuote = character;
      continue;
    }
    if (character !== '"' && character !== "'") continue;
    if (quote === '') quote = character;
    else if (quote === character) quote = '';
  }
  return quote === '';
}
