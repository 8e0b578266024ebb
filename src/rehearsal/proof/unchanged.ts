/** Whether production is exactly as before: the same database, never made again, with the same content. */
import { compareContent } from '../../restore/proof.ts';
import type { Observation, ObservedDatabase } from '../world.ts';
import { type EndFault, summarise } from './fault.ts';

export function unchangedFaults(before: Observation, after: Observation, production: string): EndFault[] {
  const [was, is] = [before, after].map(({ databases }) => databases.find(({ name }) => name === production));
  const change = describeChange(was, is, production);
  if (change === undefined) return [];
  return [
    {
      rule: 'end-production-changed',
      reason: `production is not as it was: ${change}`,
      expected: `${production} exactly as before`,
      received: change,
    },
  ];
}

/** In words, or undefined when nothing changed. */
export function describeChange(
  was: ObservedDatabase | undefined,
  is: ObservedDatabase | undefined,
  name: string,
): string | undefined {
  if (was === undefined) return is === undefined ? undefined : `there was no database ${name}, and now there is one`;
  if (is === undefined) return `the database ${name} is gone`;
  if (was.oid !== is.oid) return `another database has the name ${name} now`;
  if (was.allowsConnections !== is.allowsConnections)
    return `${name} accepts ${is.allowsConnections ? 'connections again' : 'no connections any more'}`;
  if (was.connectionLimit !== is.connectionLimit)
    return `the connection limit of ${name} is ${is.connectionLimit}, it was ${was.connectionLimit}`;
  if (was.digest !== is.digest) return contentChange(was, is);
  // Equal content in tables that were made again: somebody dropped them, and may have been lucky.
  return was.mark === is.mark ? undefined : `tables of ${name} were made again`;
}

/** What differs between two states of one database, in words. */
export function contentChange({ content: was }: ObservedDatabase, { name, content: is }: ObservedDatabase): string {
  if (was === undefined || is === undefined) return `${name} cannot be read`;
  const texts = compareContent(was, is).map(({ text }) =>
    text.replaceAll('the backup', 'before').replaceAll('in before', 'before'),
  );
  return texts.length === 0 ? `the content of ${name} differs` : summarise(texts);
}
