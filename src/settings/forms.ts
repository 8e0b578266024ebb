/** The forms that a setting's text may have, each with what it means and what is said when it is something else. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { TableName } from '../settings.ts';

/** A whole number within these bounds, both included. */
export const whole = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, 'must be a whole number')
    .transform(Number)
    .refine((value) => value >= min && value <= max, `must be between ${min} and ${max}`);

/** A name that PostgreSQL takes as it is. */
export const databaseName = z
  .string()
  .min(1)
  .refine((name) => Buffer.byteLength(name) <= 63, 'PostgreSQL cuts names at 63 bytes')
  .refine((name) => !/\p{Cc}/u.test(name), 'must not hold line breaks or other control characters');

/** What travels in an HTTP header. */
export const printable = z.string().regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without blanks');

/** A URL; without a scheme http for loopback and single-label hosts, else https. */
export function endpointOf(text: string, context: z.core.$RefinementCtx): URL {
  const host = text.replace(/^\w+:\/\//, '').replace(/[:/].*$/, '');
  const local = host === '' || text.startsWith('[::1]') || !host.includes('.') || /^127\.\d+\.\d+\.\d+$/.test(host);
  try {
    const url = new URL(/^\w+:\/\//.test(text) ? text : `${local ? 'http' : 'https'}://${text}`);
    const place = `${url.protocol}//${url.host}/`;
    if (/^https?:$/.test(url.protocol) && url.hostname !== '' && url.href === place && url.port !== '0') return url;
  } catch {
    // said below
  }
  context.addIssue({
    code: 'custom',
    message: 'must be a URL such as http://localhost:9000, without a path, a user or a query',
  });
  return z.NEVER;
}

/** The text of a file of certificates; each of them is looked at, so that a wrong file is told before anything is asked. */
export function certificates(file: string, context: z.core.$RefinementCtx): string {
  try {
    const text = readFileSync(file, 'utf8');
    const found = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
    if (found.length === 0) throw new Error(`${file} holds no certificate in PEM`);
    for (const one of found) new X509Certificate(one);
    return found.join('\n');
  } catch (cause) {
    context.addIssue({ code: 'custom', message: `cannot be used: ${cause instanceof Error ? cause.message : cause}` });
    return z.NEVER;
  }
}

/** `organizations, "Mixed Case", audit.events` → names; `public` is implied, unquoted names fold to lower case. */
export function tableNames(text: string, context: z.core.$RefinementCtx): TableName[] {
  const identifier = String.raw`(?:"(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*)`;
  const form = new RegExp(String.raw`\s*(${identifier})(?:\.(${identifier}))?\s*(?:,|$)`, 'uy');
  const names: TableName[] = [];
  while (form.lastIndex < text.length) {
    const match = form.exec(text);
    if (match === null) {
      context.addIssue({ code: 'custom', message: 'must be table names separated by commas' });
      return z.NEVER;
    }
    const [first, second] = [match[1] ?? '', match[2]].map((part) => part && unquote(part));
    names.push(second === undefined ? { schema: 'public', name: first ?? '' } : { schema: first ?? '', name: second });
  }
  return names;
}

function unquote(identifier: string): string {
  return identifier.startsWith('"') ? identifier.slice(1, -1).replaceAll('""', '"') : identifier.toLowerCase();
}
