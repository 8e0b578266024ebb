/**
 * Reads SQL as psql would, piece by piece, in bounded memory: statements, the rows of a COPY, psql's own commands and the
 * remarks between them. It knows what psql's scanner knows (quotes, dollar quotes, comments, parentheses, BEGIN ATOMIC), so
 * that a backslash inside a text is a text, and one outside is a command, wherever it stands.
 */
import type { Readable } from 'node:stream';

export type Piece =
  | {
      kind: 'statement';
      text: Buffer;
      /** A long statement comes in parts. */
      begins: boolean;
      ends: boolean;
      /** How many pairs of outer parentheses its text has had so far: in an INSERT, the rows. */
      groups: number;
    }
  | { kind: 'rows'; text: Buffer; count: number; ends: boolean }
  /** A backslash command of psql; `within` a statement it is as much executed as between two. */
  | { kind: 'command'; text: string; within: boolean }
  /** A comment between statements, one line of it. */
  | { kind: 'remark'; text: string };

export type Scan = {
  pieces: AsyncIterable<Piece>;
  /** After the last piece: whether the text ended between two statements. */
  readonly whole: boolean;
};

/** A statement that is longer than this comes in parts, in bytes. */
const PART = 1 << 20;
const COPY = /^COPY\s[^;]*\sFROM\s+stdin\s*;$/i;
const TOKEN =
  /[A-Za-z_\x80-\xff][A-Za-z0-9_$\x80-\xff]*|[ \t\r\n\f\v]+|--|\/\*|\$(?:[A-Za-z_\x80-\xff][A-Za-z0-9_\x80-\xff]*)?\$|[0-9]+|[\s\S]/y;
/** Whether what stands at the end of a chunk may go on in the next one. */
const UNFINISHED = /^(?:[A-Za-z_\x80-\xff][A-Za-z0-9_$\x80-\xff]*|-|\/|\$[A-Za-z0-9_\x80-\xff]*)$/;
const NEWLINE = 10;
const MARKER = Buffer.from('\n\\.');

type Mode =
  | { in: 'sql' }
  | { in: 'quotes'; end: "'" | '"'; escapes: boolean }
  | { in: 'dollars'; end: string }
  | { in: 'comment'; depth: number }
  | { in: 'line' }
  | { in: 'command'; within: boolean }
  | { in: 'rows' };

/** Scans a stream to its end; whatever the stream throws, the iteration throws. */
export function scanScript(source: Readable | AsyncIterable<Buffer>): Scan {
  const scanner = new Scanner();
  return {
    pieces: (async function* () {
      for await (const chunk of source) yield* scanner.read(chunk, false);
      yield* scanner.read(Buffer.alloc(0), true);
    })(),
    get whole() {
      return scanner.whole;
    },
  };
}

class Scanner {
  whole = false;
  #mode: Mode = { in: 'sql' };
  /** What was not decided in the last chunk. */
  #rest: Buffer = Buffer.alloc(0);
  /** Of the statement that is being read. */
  #held: Buffer[] = [];
  /** The part of it that lies in one chunk and still grows. */
  #open: { data: Buffer; from: number; to: number } = { data: Buffer.alloc(0), from: 0, to: 0 };
  #size = 0;
  #parts = 0;
  #begun = false;
  #depth = 0;
  #groups = 0;
  #words: string[] = [];
  #blocks = 0;
  /** Of a remark or command that is being read. */
  #line = '';
  #plainStrings = true;
  #rowBegins = true;

  *read(chunk: Buffer, last: boolean): Generator<Piece> {
    const data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = Buffer.alloc(0);
    let text: string | undefined;
    let at = 0;
    while (at < data.length) {
      if (this.#mode.in === 'rows') {
        const end = yield* this.#rows(data, at, last);
        if (end === undefined) return;
        at = end;
        continue;
      }
      text ??= data.toString('latin1');
      const next = yield* this.#step(text, data, at, last);
      if (next === undefined) {
        this.#rest = data.subarray(at);
        break;
      }
      at = next;
    }
    if (this.#size > PART) yield this.#statement(false);
    if (!last) return;
    if (this.#mode.in === 'line') yield { kind: 'remark', text: this.#line };
    if (this.#mode.in === 'command') yield { kind: 'command', text: this.#line, within: this.#mode.within };
    this.whole = /^(sql|line|command)$/.test(this.#mode.in) && !this.#begun;
  }

  /** Reads from `at` on; returns where to go on, or undefined when more must be known. */
  *#step(text: string, data: Buffer, at: number, last: boolean): Generator<Piece, number | undefined> {
    const mode = this.#mode;
    switch (mode.in) {
      case 'sql':
        return yield* this.#sql(text, data, at, last);
      case 'quotes': {
        const special = mode.escapes ? search(/['\\]/g, text, at) : text.indexOf(mode.end, at);
        if (special < 0) return this.#keep(data, at, data.length);
        if (special + 1 >= data.length && !last) {
          if (special === at) return undefined;
          return this.#keep(data, at, special);
        }
        const doubled = text[special] === '\\' || text[special + 1] === mode.end;
        if (!doubled) this.#mode = { in: 'sql' };
        return this.#keep(data, at, special + (doubled ? 2 : 1));
      }
      case 'dollars': {
        const end = text.indexOf(mode.end, at);
        if (end >= 0) {
          this.#mode = { in: 'sql' };
          return this.#keep(data, at, end + mode.end.length);
        }
        const sure = last ? data.length : data.length - mode.end.length + 1;
        return sure <= at ? undefined : this.#keep(data, at, sure);
      }
      case 'comment': {
        const mark = search(/\*\/|\/\*/g, text, at);
        if (mark < 0) {
          const sure = last ? data.length : data.length - 1;
          return sure <= at ? undefined : this.#comment(data, at, sure);
        }
        const depth = mode.depth + (text[mark] === '*' ? -1 : 1);
        const end = this.#comment(data, at, mark + 2);
        this.#mode = depth === 0 ? { in: 'sql' } : { in: 'comment', depth };
        return end;
      }
      case 'line':
      case 'command': {
        const end = text.indexOf('\n', at);
        const stop = end < 0 ? data.length : end;
        this.#line = (this.#line + data.toString('utf8', at, stop)).slice(0, 10_000);
        if (end < 0) return stop;
        const line = this.#line.trimEnd();
        this.#line = '';
        this.#mode = { in: 'sql' };
        if (mode.in === 'command') yield { kind: 'command', text: line, within: mode.within };
        else if (!this.#begun) yield { kind: 'remark', text: line };
        return end;
      }
      default:
        throw new Error('rows are read elsewhere');
    }
  }

  *#sql(text: string, data: Buffer, at: number, last: boolean): Generator<Piece, number | undefined> {
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(text)?.[0] ?? '';
    const end = at + token.length;
    // One more byte tells whether `E'…'` begins, or `--`, or a tag of dollars goes on.
    if (end >= data.length && !last && UNFINISHED.test(token)) return undefined;
    if (token.startsWith('$') && token.length === 1 && !last && UNFINISHED.test(text.slice(at))) return undefined;
    // Whether rows follow is decided by what stands behind the semicolon, up to the line's end.
    if (token === ';' && this.#words[0] === 'copy' && !last && text.indexOf('\n', end) < 0) return undefined;
    if (/^\s/.test(token)) return this.#begun ? this.#keep(data, at, end) : end;
    if (token === '--') {
      this.#line = '';
      this.#mode = { in: 'line' };
      return at;
    }
    if (token === '/*') {
      this.#mode = { in: 'comment', depth: 1 };
      return this.#comment(data, at, end);
    }
    if (token === '\\') {
      this.#line = '';
      this.#mode = { in: 'command', within: this.#begun };
      return at;
    }
    this.#begun = true;
    this.#keep(data, at, end);
    if (token === "'") this.#mode = { in: 'quotes', end: token, escapes: !this.#plainStrings };
    else if (token === '"') this.#mode = { in: 'quotes', end: token, escapes: false };
    else if (/^e$/i.test(token) && text[end] === "'") {
      this.#mode = { in: 'quotes', end: "'", escapes: true };
      return this.#keep(data, end, end + 1);
    } else if (token.length > 1 && token.startsWith('$')) this.#mode = { in: 'dollars', end: token };
    else if (token === '(') this.#depth++;
    else if (token === ')') this.#close();
    else if (token === ';' && this.#depth === 0 && this.#blocks === 0) {
      const piece = this.#statement(true);
      yield piece;
      if (piece.begins && COPY.test(piece.text.toString('latin1'))) {
        const line = /^[ \t\r]*\n/.exec(text.slice(end, end + 100))?.[0];
        this.#rowBegins = true;
        // Anything else would be carried out after the rows, which begin in the next line; pg_dump writes nothing there.
        this.#mode = line === undefined ? { in: 'command', within: false } : { in: 'rows' };
        return end + (line?.length ?? 0);
      }
    } else if (/^[a-z]/i.test(token)) this.#word(token.toLowerCase());
    return end;
  }

  /** As psql does: only in a function or procedure BEGIN opens a block, and semicolons inside do not end the statement. */
  #word(word: string): void {
    if (this.#words.length < 4) this.#words.push(word);
    if (this.#depth > 0 || !/^create (or replace )?(function|procedure)\b/.test(this.#words.join(' '))) return;
    if (word === 'begin') this.#blocks++;
    else if (word === 'case' && this.#blocks > 0) this.#blocks++;
    else if (word === 'end' && this.#blocks > 0) this.#blocks--;
  }

  #close(): void {
    if (this.#depth > 0) this.#depth--;
    if (this.#depth === 0) this.#groups++;
  }

  #keep(data: Buffer, from: number, to: number): number {
    this.#size += to - from;
    if (data === this.#open.data && from === this.#open.to) this.#open.to = to;
    else {
      this.#flush();
      this.#open = { data, from, to };
    }
    return to;
  }

  #flush(): void {
    const { data, from, to } = this.#open;
    if (to > from) this.#held.push(data.subarray(from, to));
    this.#open = { data: Buffer.alloc(0), from: 0, to: 0 };
  }

  #comment(data: Buffer, from: number, to: number): number {
    return this.#begun ? this.#keep(data, from, to) : to;
  }

  #statement(ends: boolean): Piece & { kind: 'statement' } {
    this.#flush();
    const text = Buffer.concat(this.#held);
    const begins = this.#size > 0 && this.#parts === 0;
    const groups = this.#groups;
    this.#held = [];
    this.#size = 0;
    this.#parts++;
    if (ends) {
      this.#begun = false;
      this.#depth = this.#groups = this.#blocks = this.#parts = 0;
      this.#words = [];
      const switched = /^SET\s+standard_conforming_strings\s*(?:=|TO)\s*'?(on|off)/i.exec(
        text.toString('latin1', 0, 200),
      );
      if (begins && switched !== null) this.#plainStrings = switched[1]?.toLowerCase() === 'on';
    }
    return { kind: 'statement', text, begins, ends, groups };
  }

  /** Returns where the rows end, or undefined when all of `data` was used or put back. */
  *#rows(data: Buffer, from: number, last: boolean): Generator<Piece, number | undefined> {
    let at = from;
    // The first line may be the marker already.
    if (this.#rowBegins && data[at] === 0x5c) {
      const end = endOfMarker(data, at, last);
      if (end === undefined) {
        this.#rest = data.subarray(at);
        return undefined;
      }
      if (end > 0) return yield* this.#endRows(data, at, at, end);
    }
    for (;;) {
      const found = data.indexOf(MARKER, at);
      if (found < 0) break;
      const end = endOfMarker(data, found + 1, last);
      if (end === undefined) {
        if (found + 1 > from) yield rows(data.subarray(from, found + 1), false);
        this.#rowBegins = true;
        this.#rest = data.subarray(found + 1);
        return undefined;
      }
      if (end > 0) return yield* this.#endRows(data, from, found + 1, end);
      at = found + 1;
    }
    // The marker may be cut: what follows the last line's end waits, if it may become one.
    const line = data.lastIndexOf(NEWLINE);
    const open = data.length - line - 1;
    const keep = !last && line >= from && open <= 2;
    const end = keep ? line + 1 : data.length;
    if (end > from) yield rows(data.subarray(from, end), false);
    this.#rowBegins = end > from ? data[end - 1] === NEWLINE : this.#rowBegins;
    if (keep) this.#rest = data.subarray(end);
    return undefined;
  }

  *#endRows(data: Buffer, from: number, marker: number, end: number): Generator<Piece, number> {
    const piece = rows(data.subarray(from, marker), true);
    yield { ...piece, text: data.subarray(from, end) };
    this.#mode = { in: 'sql' };
    return end;
  }
}

function rows(text: Buffer, ends: boolean): Piece & { kind: 'rows' } {
  let count = 0;
  for (let at = text.indexOf(NEWLINE); at >= 0; at = text.indexOf(NEWLINE, at + 1)) count++;
  return { kind: 'rows', text, count, ends };
}

/** Behind `\.` and its line's end; 0 when this is no marker, undefined when the data ends too early to tell. */
function endOfMarker(data: Buffer, at: number, last: boolean): number | undefined {
  const line = data.toString('latin1', at, at + 4);
  const whole = /^\\\.\r?\n/.exec(line)?.[0];
  if (whole !== undefined) return at + whole.length;
  if ('\\.\r\n'.startsWith(line) || line === '\\.') return last ? 0 : undefined;
  return 0;
}

function search(form: RegExp, text: string, at: number): number {
  form.lastIndex = at;
  return form.exec(text)?.index ?? -1;
}
