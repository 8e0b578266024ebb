/**
 * What the reader's terminals show, as asciicast v2 (docs.asciinema.org/manual/asciicast/v2): one recording of a page, its two
 * terminals one after the other, as a person looks at them. `asciinema play` shows it.
 */

/** Beyond it nothing more is kept, in characters. */
const LONGEST = 1_000_000;
/** A player waits no longer than this between two lines, in seconds. */
const IDLE = 2;

/**
 * Marks for the harness, and questions to the terminal: played, those would make the player's own terminal answer, as if
 * its owner had typed.
 */
const UNSHOWN =
  /\x1b\]133;[^\x07\x1b]*(?:\x07|\x1b\\)|\x1b\[\?2004[hl]|\x1b\[[?>]?\d*(?:;\d+)*[nc]|\x1b\]1[0-2];\?(?:\x07|\x1b\\)/g;

export type Recorder = {
  /** What a terminal received. */
  add(chunk: string): void;
  /** A chapter: the id of the step that begins. */
  chapter(id: string): void;
  /** The whole recording: a line of JSON for its head, and one for each event. */
  cast(title: string): string;
};

type Event = [seconds: number, kind: 'o' | 'm', text: string];

/** @param publish takes secrets and this machine's paths out of whole lines */
export function recorder(size: { columns: number; rows: number }, publish: (text: string) => string): Recorder {
  const events: Event[] = [];
  const began = performance.now();
  let pending = '';
  let length = 0;
  const put = (kind: 'o' | 'm', text: string) => {
    if (text === '' || length > LONGEST) return;
    length += text.length;
    const shown = length > LONGEST ? '\r\n(the recording ends here: the rest is too long)\r\n' : text;
    events.push([Math.round(performance.now() - began) / 1000, kind, shown]);
  };
  // A secret or a sequence may come in two pieces, but never in two lines.
  const flush = (end: number) => {
    put('o', publish(pending.slice(0, end).replace(UNSHOWN, '')));
    pending = pending.slice(end);
  };
  return {
    add(chunk) {
      if (length > LONGEST) return;
      pending += chunk;
      flush(pending.lastIndexOf('\n') + 1);
    },
    chapter(id) {
      flush(pending.length);
      put('m', id);
    },
    cast(title) {
      flush(pending.length);
      const head = { version: 2, width: size.columns, height: size.rows, idle_time_limit: IDLE, title };
      return [head, ...events].map((line) => `${JSON.stringify(line)}\n`).join('');
    },
  };
}
