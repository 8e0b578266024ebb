/**
 * What a SQL dump states about itself: whether it is complete, which database it is of, what it makes and how many rows it
 * holds. And what must not be in it, for psql would carry it out on the machine that restores. Pure.
 */
import { Failure } from '../failure.ts';
import type { Piece } from './script.ts';

export type ScriptFacts = {
  /** The database it was made of, where it says so (pg_dump --create). */
  database: string | undefined;
  /** What it makes, in the words of an archive's table of contents. */
  entries: { kind: string; rest: string }[];
  /** Rows of each table, by the table's name as SQL writes it: `public.users`. */
  rows: Map<string, number>;
};

export type ScriptReader = {
  readonly facts: ScriptFacts;
  /** @throws Failure archive-unsafe */
  accept(piece: Piece): void;
  /** To be called after the last piece. @throws Failure archive-damaged when the dump is not complete */
  finish(whole: boolean): void;
};

const IDENTIFIER = String.raw`(?:"(?:[^"]|"")+"|[^\s".(;,]+)`;
const NAME = String.raw`${IDENTIFIER}(?:\.${IDENTIFIER})?`;
const COPY = new RegExp(String.raw`^COPY (${NAME})(?: \([^;]*\)| )? FROM stdin;$`, 'i');
const INSERT = new RegExp(
  String.raw`^INSERT INTO (${NAME}) (\(.*?\) )?(?:OVERRIDING (?:SYSTEM|USER) VALUE )?(?:VALUES|DEFAULT (VALUES))`,
  's',
);
const CREATE: readonly [form: RegExp, kind: string][] = [
  [/^CREATE (?:UNLOGGED )?TABLE /, 'TABLE'],
  [/^CREATE FOREIGN TABLE /, 'FOREIGN TABLE'],
  [/^CREATE (?:UNLOGGED )?SEQUENCE /, 'SEQUENCE'],
  [/^CREATE (?:RECURSIVE )?VIEW /, 'VIEW'],
  [/^CREATE MATERIALIZED VIEW /, 'MATERIALIZED VIEW'],
  [/^CREATE (?:OR REPLACE )?(?:FUNCTION|PROCEDURE) /, 'FUNCTION'],
  [/^CREATE AGGREGATE /, 'AGGREGATE'],
  [/^CREATE (?:CONSTRAINT )?TRIGGER /, 'TRIGGER'],
  [/^CREATE POLICY /, 'POLICY'],
  [/^CREATE (?:UNIQUE )?INDEX /, 'INDEX'],
  [/^ALTER TABLE (?:ONLY )?.*?\s+ADD CONSTRAINT .*? FOREIGN KEY /s, 'FK CONSTRAINT'],
  [/^ALTER TABLE (?:ONLY )?.*?\s+ADD CONSTRAINT .*? (?:PRIMARY KEY|UNIQUE|EXCLUDE) /s, 'CONSTRAINT'],
];
const CLOSING = '-- PostgreSQL database dump complete';
/** So much of a statement tells what it is, in bytes. */
const HEAD = 4_096;

/** @param trusted the SQL comes from pg_restore, and psql does not see it */
export function scriptReader(name: string, { trusted = false }: { trusted?: boolean } = {}): ScriptReader {
  const facts: ScriptFacts = { database: undefined, entries: [], rows: new Map() };
  let table: string | undefined;
  let head = '';
  /** Nothing but the closing lines has come since the closing line began. */
  let closing = '';
  let restricted: string | undefined;
  const unsafe = (what: string) => {
    const line = what.trim();
    const text = line.length > 60 ? `${line.slice(0, 60)}…` : line;
    return new Failure('archive-unsafe', { archive: name, text });
  };
  const count = (of: string, rows: number) => facts.rows.set(of, (facts.rows.get(of) ?? 0) + rows);

  const statement = (piece: Piece & { kind: 'statement' }) => {
    closing = '';
    if (piece.begins) head = piece.text.toString('utf8', 0, HEAD);
    if (!piece.ends) return;
    table = undefined;
    if (/^COPY\b/i.test(head)) {
      const [, into] = COPY.exec(piece.begins ? piece.text.toString('utf8') : head) ?? [];
      if (into === undefined && !trusted) throw unsafe(head);
      if (into !== undefined) count(into, 0);
      table = into;
      return;
    }
    const [, into, columns, defaults] = INSERT.exec(head) ?? [];
    if (into !== undefined) {
      count(into, defaults ? 1 : piece.groups - (columns ? 1 : 0));
      return;
    }
    const [, database] = new RegExp(`^CREATE DATABASE (${IDENTIFIER})`).exec(head) ?? [];
    if (database !== undefined) facts.database ??= plain(database);
    const kind = CREATE.find(([form]) => form.test(head))?.[1];
    if (kind !== undefined) facts.entries.push({ kind, rest: '' });
  };

  const command = ({ text, within }: Piece & { kind: 'command' }) => {
    if (trusted) return;
    const [, restriction, key] = /^\\(restrict|unrestrict) ([A-Za-z0-9]+)$/.exec(text) ?? [];
    if (!within && restriction !== undefined) {
      if (restriction === 'restrict') restricted = key;
      else if (restricted === key) restricted = undefined;
      else throw unsafe(text);
      if (restriction === 'restrict') closing = '';
      return;
    }
    closing = '';
    const database = connected(text);
    if (within || database === undefined) throw unsafe(text);
    if (facts.database !== undefined && facts.database !== database) throw unsafe(text);
    facts.database = database;
  };

  return {
    facts,
    accept(piece) {
      if (piece.kind === 'statement') statement(piece);
      else if (piece.kind === 'rows') {
        closing = '';
        if (table !== undefined) count(table, piece.count);
      } else if (piece.kind === 'command') command(piece);
      else if (piece.text === CLOSING) closing = CLOSING;
      else if (closing === CLOSING && piece.text === '--') closing += '\n--';
    },
    finish(whole) {
      if (whole && closing === `${CLOSING}\n--` && restricted === undefined) return;
      const message = 'the closing line of the dump is missing';
      throw new Failure('archive-damaged', { archive: name, message });
    },
  };
}

/** The database of `\connect name` and `\connect -reuse-previous=on "dbname='a name'"`; undefined of any other command. */
function connected(text: string): string | undefined {
  const [, name] = /^\\connect ([A-Za-z_][A-Za-z0-9_]*|"(?:[^"=]|"")+")$/.exec(text) ?? [];
  if (name !== undefined) return plain(name);
  const [, quoted] = /^\\connect -reuse-previous=on "dbname='((?:[^'\\"]|""|\\.)+)'"$/.exec(text) ?? [];
  return quoted?.replaceAll('""', '"').replaceAll(/\\(.)/g, '$1');
}

function plain(identifier: string): string {
  return identifier.startsWith('"') ? identifier.slice(1, -1).replaceAll('""', '"') : identifier;
}
