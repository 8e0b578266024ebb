/** How old a rehearsal is. Computed when the page is read, so this file imports nothing of Node. */

export type Freshness = 'fresh' | 'ageing' | 'expired' | 'not rehearsed';
/** In days. */
export type FreshnessLimits = { fresh: number; ageing: number };
export const FRESHNESS_LIMITS: FreshnessLimits = { fresh: 30, ageing: 90 };

const DAY_MS = 86_400_000;

/**
 * @param transcript its time and hash; undefined: there is none
 * @param hash of the page as it is now; a transcript of other text is no rehearsal of this page. Left out: not checked
 */
export function freshness(
  transcript: { recordedAt: string; hash: string } | undefined,
  now: Date,
  hash?: string,
  limits: FreshnessLimits = FRESHNESS_LIMITS,
): Freshness {
  if (transcript === undefined) return 'not rehearsed';
  if (hash !== undefined && hash !== transcript.hash) return 'not rehearsed';
  const days = (now.getTime() - Date.parse(transcript.recordedAt)) / DAY_MS;
  if (Number.isNaN(days)) return 'not rehearsed';
  if (days <= limits.fresh) return 'fresh';
  return days <= limits.ageing ? 'ageing' : 'expired';
}
