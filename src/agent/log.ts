/** The service's log: one JSON object per line; on a terminal a line for people. No secret of the settings gets in. */
import { styleText } from 'node:util';

export type Level = 'info' | 'warn' | 'error';
export type Fields = Record<string, string | number | boolean | undefined>;
export type Log = (level: Level, event: string, fields?: Fields) => void;

export type LogOptions = {
  write: (line: string) => void;
  now: () => Date;
  /** For people instead of machines. */
  readable: boolean;
  /** Replaced wherever they occur, longest first. */
  secrets: readonly string[];
};

export function openLog({ write, now, readable, secrets }: LogOptions): Log {
  const hide = (text: string) => secrets.reduce((hidden, secret) => hidden.replaceAll(secret, '***'), text);
  return (level, event, fields = {}) => {
    const said = Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, typeof value === 'string' ? hide(value) : value] as const);
    const time = now().toISOString();
    write(
      readable
        ? `${line(time, level, event, said)}\n`
        : `${JSON.stringify({ time, level, event, ...Object.fromEntries(said) })}\n`,
    );
  };
}

const COLOURS = { info: 'cyan', warn: 'yellow', error: 'red' } as const;

function line(time: string, level: Level, event: string, said: (readonly [string, unknown])[]): string {
  const word = styleText(COLOURS[level], level.padEnd(5));
  const fields = said.map(
    ([name, value]) => `${name}=${typeof value === 'string' && /[\s"=]/.test(value) ? JSON.stringify(value) : value}`,
  );
  return [time.slice(0, 19).replace('T', ' '), word, event, ...fields].join('  ');
}
