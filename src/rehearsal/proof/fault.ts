/** Something that is wrong with the end of a run. Where it is reported is the harness's business. */
export type EndFault = {
  /** Stable, e.g. `end-production-changed`. */
  rule: string;
  /** One sentence. */
  reason: string;
  expected?: string;
  received?: string;
};

/** The first differences in words, and how many there are. */
export function summarise(texts: string[], most = 10): string {
  const more = texts.length - most;
  return [...texts.slice(0, most), ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}
