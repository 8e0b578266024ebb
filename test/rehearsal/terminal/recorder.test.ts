import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { performReader } from '../../../src/rehearsal/lanes/reader.ts';
import { recorder } from '../../../src/rehearsal/terminal/recorder.ts';
import { bench } from '../support.ts';

const SIZE = { columns: 120, rows: 40 };
const hide = (text: string) => text.replaceAll('verysecret', '********');

/** The recording without its times. */
function eventsOf(cast: string): [string, string][] {
  const [, ...lines] = cast.trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line).slice(1));
}

describe('a recording', () => {
  it('holds what a reader saw, step by step, and nothing that a player’s terminal would answer', async () => {
    using table = bench();
    const recording = recorder(SIZE, hide);
    await performReader({ ...table.options('plain/index.mdx'), recorder: recording });
    const cast = recording.cast('A page that works');
    const head = JSON.parse(cast.split('\n')[0] ?? '');
    assert.deepEqual([head.version, head.width, head.height, head.title], [2, 120, 40, 'A page that works']);
    const events = eventsOf(cast);
    assert.deepEqual(
      events.filter(([kind]) => kind === 'm').map(([, id]) => id),
      ['write', 'read'],
    );
    const shown = events.filter(([kind]) => kind === 'o').map(([, text]) => text);
    assert.match(
      shown.join(''),
      /\$ .*echo "for freshtrack" > note &&[\s\S]*written for freshtrack\r\n[\s\S]*cat note[\s\S]*for freshtrack\r\n/,
    );
    assert.doesNotMatch(shown.join(''), /\x1b\]133|\x1b\[\?2004|\x1b\[6n/);
    const times = cast
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => Number(JSON.parse(line)[0]));
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    );
  });

  it('never shows a secret, also when it came in two pieces', () => {
    const recording = recorder(SIZE, hide);
    recording.add('password very');
    recording.add('secret\r\nand again\x1b[6');
    recording.add('n verysec');
    recording.add('ret\x1b]11;?\x1b\\ done');
    const text = eventsOf(recording.cast('t'))
      .map(([, shown]) => shown)
      .join('|');
    assert.doesNotMatch(text, /verysecret|\x1b/);
    assert.match(text, /password \*{8}\r\n/);
  });

  it('ends when it becomes too long, and says so', () => {
    const recording = recorder(SIZE, hide);
    for (let line = 0; line < 3000; line += 1) recording.add(`${'x'.repeat(998)}\r\n`);
    const cast = recording.cast('t');
    assert.ok(cast.length < 1_200_000, String(cast.length));
    assert.match(eventsOf(cast).at(-1)?.[1] ?? '', /the recording ends here/);
  });
});
