/** The little XML that stores speak: flat elements without attributes, in answers that are read once. */

/** The text of the first element of that name; undefined when there is none. */
export function element(xml: string, name: string): string | undefined {
  const [, found] = new RegExp(`<${name}(?: [^>]*)?>([^<]*)</${name}>`).exec(xml) ?? [];
  return found === undefined ? undefined : unescapeXml(found);
}

/** What stands inside each element of that name. */
export function* elements(xml: string, name: string): Generator<string> {
  for (const [, inner = ''] of xml.matchAll(new RegExp(`<${name}>(.*?)</${name}>`, 'gs'))) yield inner;
}

export function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

const NAMED: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescapeXml(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (whole, decimal, hexadecimal, named) => {
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    if (hexadecimal !== undefined) return String.fromCodePoint(Number.parseInt(hexadecimal, 16));
    return NAMED[named] ?? whole;
  });
}
