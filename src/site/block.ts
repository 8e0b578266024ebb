/**
 * What the site knows of a code block, on its way from the Markdown tree to Expressive Code. It travels in the fence's own
 * meta line, so that no state is shared between the two.
 */

export type BlockInfo = {
  kind: 'step' | 'parameters' | 'quote' | 'output' | 'plain';
  /** Where it runs, in words. */
  where?: string;
  /** Parameters of the page that are filled in. */
  names: string[];
  /** When it last ran, in words; `state` also decides its shape. */
  badge?: Badge;
  /** The step that is quoted. */
  link?: { address: string; text: string };
  /** A strip stands above the block. */
  destroys?: boolean;
};

export type Badge = { state: 'passed' | 'failed' | 'not-rehearsed'; text: string };

const KEY = 'site';

/** Adds what is known of a block to its meta line. */
export function withInfo(meta: string | null | undefined, info: BlockInfo): string {
  return `${meta ?? ''} ${KEY}="${encodeURIComponent(JSON.stringify(info))}"`.trim();
}

/** Reads it again; a block that nobody described is plain. */
export function infoOf(options: { getString(key: string): string | undefined }): BlockInfo {
  const text = options.getString(KEY);
  // Written by `withInfo` within the same build, so its shape is known.
  return text === undefined ? { kind: 'plain', names: [] } : (JSON.parse(decodeURIComponent(text)) as BlockInfo);
}
