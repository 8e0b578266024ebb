/** Where a drill runs: in the server of the settings, or in one of its own that is started for it. */
import { isAbsolute } from 'node:path';
import { Failure } from '../failure.ts';
import { majorOf, type PostgresPrograms, serverPrograms } from '../postgres/programs.ts';

export type DrillPlace =
  | { kind: 'given' }
  /** `major` or `bin` say which installation; else the one that fits the backup best. */
  | { kind: 'own'; major?: number; bin?: string };

/** What a drill's place may look like, for messages. */
export const PLACE_FORM = 'given, own, own:<major version> or own:<folder of programs>';

/** Pure; undefined when it is none. */
export function parsePlace(text: string): DrillPlace | undefined {
  if (text === 'given') return { kind: 'given' };
  if (text === 'own') return { kind: 'own' };
  const [, where] = /^own:(.+)$/s.exec(text) ?? [];
  if (where === undefined) return undefined;
  if (/^\d{2}$/.test(where)) return { kind: 'own', major: Number(where) };
  return isAbsolute(where) ? { kind: 'own', bin: where } : undefined;
}

/**
 * The programs of a server of one's own. Without a wish: of the backup's major version; else the oldest that is newer, else the newest.
 * @param version of the server that the backup was taken of, where it is known
 * @throws Failure own-server-missing
 */
export async function programsFor(
  place: Extract<DrillPlace, { kind: 'own' }>,
  version: string | undefined,
  env: Record<string, string | undefined> = process.env,
): Promise<PostgresPrograms> {
  const all = await serverPrograms(env, place.bin);
  const wanted = place.major ?? (version === undefined ? undefined : majorOf(version));
  const chosen = choose(
    place.major === undefined ? all : all.filter((some) => majorOf(some.version) === wanted),
    wanted,
  );
  if (chosen !== undefined) return chosen;
  const installed = all.map((some) => `${some.version} in ${some.bin}`).join(', ');
  throw new Failure('own-server-missing', {
    wanted: place.bin ?? (place.major === undefined ? 'any' : String(place.major)),
    installed: installed || 'none',
  });
}

function choose(all: readonly PostgresPrograms[], wanted: number | undefined): PostgresPrograms | undefined {
  const rising = all.toSorted((a, b) => majorOf(a.version) - majorOf(b.version));
  const fit = wanted === undefined ? undefined : rising.find(({ version }) => majorOf(version) >= wanted);
  return fit ?? rising.at(-1);
}
