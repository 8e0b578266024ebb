import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { openTerminal, type Pasted, type Terminal } from '../../../src/rehearsal/terminal/terminal.ts';

let folder: string;
const environment = () => ({ PATH: '/usr/bin:/bin', HOME: folder, LANG: 'C.UTF-8' });
const open = () => openTerminal({ environment: environment(), folder });

/** What has ended and only waits to be collected by the system's first process does not run. */
function runs(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** Waits in poll(2), or in ppoll(2) where there is no other, as libpq does; every Debian has this perl. */
function perlPoll(descriptor: string, milliseconds: number): string {
  const list = `pipe(R, W); $list = pack("lss", ${descriptor}, 1, 0)`;
  if (process.arch === 'x64') return `perl -e '${list}; syscall(7, $list, 1, ${milliseconds})'`;
  return `perl -e '${list}; $time = pack("qq", ${milliseconds / 1_000}, 0); syscall(73, $list, 1, $time, 0, 8)'`;
}

/** Pastes into a terminal of its own. */
async function pasteAlone(text: string, limits: Parameters<Terminal['paste']>[1] = {}): Promise<Pasted> {
  await using terminal = await open();
  return await terminal.paste(text, limits);
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drillbook-terminal-'));
});
after(() => rm(folder, { recursive: true, force: true }));

describe('a reader’s terminal', () => {
  it('pastes blocks one after the other into the same shell and gives what each printed', async () => {
    await using terminal = await open();
    const first = await terminal.paste('echo one\necho two >&2');
    const second = await terminal.paste('echo three');
    assert.equal(first.output, 'one\r\ntwo\r\n');
    assert.equal(second.output, 'three\r\n');
    assert.deepEqual([first.status, second.status], [0, 0]);
  });

  it('is 120 × 40, xterm-256color, and has exactly the environment that it was given', async () => {
    const { output } = await pasteAlone('stty size; env | sort');
    assert.deepEqual(
      output.trim().split('\r\n'),
      ['40 120', `HOME=${folder}`, 'LANG=C.UTF-8', 'PATH=/usr/bin:/bin', `PWD=${folder}`, 'SHLVL=1'].concat([
        'TERM=xterm-256color',
        '_=/usr/bin/env',
      ]),
    );
  });

  it('runs the lines after a failed one, as bash does, and reports the failed one with its line', async () => {
    const pasted = await pasteAlone('echo a\nls /nowhere\necho b');
    assert.match(pasted.output, /^a\r\n.*No such file.*\r\nb\r\n$/s);
    assert.equal(pasted.status, 2);
    assert.equal(pasted.line, 2);
  });

  it('goes on after ${X:?message}, which ends a script but not a terminal', async () => {
    const pasted = await pasteAlone('echo "${MISSING:?is not set}"\necho went on');
    assert.match(pasted.output, /is not set\r\nwent on/);
    assert.equal(pasted.line, 1);
    assert.equal(pasted.status, 1);
  });

  it('names the line within a chain and within a subshell', async () => {
    assert.equal((await pasteAlone('true &&\nfalse &&\necho never')).line, 2);
    assert.equal((await pasteAlone('(\n  set -euo pipefail\n  true | cat\n  false\n  echo never\n)')).line, 4);
    assert.equal((await pasteAlone('cat <<END &&\nx\nEND\necho "$(echo y)" &&\nfalse')).line, 5);
  });

  it('does not take the status of the paste before for its own', async () => {
    await using terminal = await open();
    await terminal.paste('false');
    assert.equal((await terminal.paste('# nothing')).status, 0);
    assert.equal((await terminal.paste('echo fine')).status, 0);
  });

  it('sees "event not found" though bash then prompts without a word, and that the next lines ran', async () => {
    const pasted = await pasteAlone('echo one\necho "wow!never"\necho two');
    assert.match(pasted.output, /!never.*: event not found\r\ntwo/s);
    assert.equal(pasted.status, 1);
    assert.equal(pasted.line, 2);
  });

  it('expands history as a reader’s shell does, and writes no history file', async () => {
    await using terminal = await open();
    await terminal.paste('echo again');
    assert.match((await terminal.paste('!echo')).output, /again\r\n$/);
    assert.equal((await terminal.paste('echo "${HISTFILE-none}"')).output, 'none\r\n');
  });

  it('leaves $_ and $? to the reader', async () => {
    assert.equal((await pasteAlone('true some-word\necho $_')).output, 'some-word\r\n');
    assert.equal((await pasteAlone('false || echo $?')).output, '1\r\n');
  });

  it('shows nothing of its own marks where a block traces itself', async () => {
    assert.equal((await pasteAlone('( set -x; echo traced )')).output, '+ echo traced\r\ntraced\r\n');
  });

  it('keeps here-documents, tabs and quotes byte for byte', async () => {
    const pasted = await pasteAlone("cat <<'END'\n\tone  $HOME \"two\" 'three' \\\nEND\nprintf '%s\\n' 'a\tb'");
    assert.equal(
      pasted.output.replaceAll(/\t| {2,}/g, (blank) => (blank === '\t' ? '<tab>' : blank)),
      '<tab>one  $HOME "two" \'three\' \\\r\na<tab>b\r\n',
    );
  });

  it('takes a block of many lines whole', async () => {
    const lines = Array.from({ length: 800 }, (_, index) => `: line ${index} ${'x'.repeat(20)}`);
    const pasted = await pasteAlone([...lines, 'echo end'].join('\n'));
    assert.equal(pasted.output, 'end\r\n');
  });

  it('answers what programs ask the terminal, as mc does', async () => {
    const ask = `printf '\\e]11;?\\e\\\\\\e[6n'; IFS= read -r -s -d R answer; printf '%q\\n' "$answer"`;
    assert.match((await pasteAlone(ask)).output, /rgb:0000\/0000\/0000.*\[1;1/);
  });

  it('notices a pager that waits for a key, and names it', async () => {
    const { problem } = await pasteAlone('seq 1000 | less');
    assert.deepEqual(problem, { kind: 'waits', program: 'less', asks: ':' });
  });

  it('notices a program that asks a question, and what it asks', async () => {
    const { problem, status } = await pasteAlone('read -r -p "Are you sure? (y/n) " answer\necho next');
    assert.deepEqual(problem, { kind: 'waits', program: 'bash', asks: 'Are you sure? (y/n)' });
    assert.notEqual(status, 0);
  });

  it('notices a password prompt', async () => {
    const { problem } = await pasteAlone('read -r -s -p "Password: " secret');
    assert.deepEqual(problem, { kind: 'waits', program: 'bash', asks: 'Password:' });
  });

  it('does not take a client that waits for its server for one that waits for a key', async () => {
    // poll and select on a pipe, for longer than a terminal may be listened to in silence; its input is the terminal.
    const poll = perlPoll('fileno(R)', 6_000);
    const sel = `perl -e 'pipe(R, W); vec($set, fileno(R), 1) = 1; select($set, undef, undef, 6)'`;
    const [polled, selected] = await Promise.all([pasteAlone(poll), pasteAlone(sel)]);
    assert.deepEqual([polled.problem, selected.problem], [undefined, undefined]);
  });

  it('notices who listens for a key among other things', async () => {
    const { problem } = await pasteAlone(perlPoll('0', 60_000));
    assert.deepEqual(problem && { kind: problem.kind, program: 'program' in problem && problem.program }, {
      kind: 'waits',
      program: 'perl',
    });
  });

  it('does not take a quiet program for a waiting one', async () => {
    const pasted = await pasteAlone('sleep 2 && echo done');
    assert.equal(pasted.problem, undefined);
    assert.equal(pasted.output, 'done\r\n');
  });

  it('notices an unclosed quote, with which bash waits for more', async () => {
    const { problem } = await pasteAlone('echo "never closed');
    assert.deepEqual(problem, { kind: 'unfinished' });
  });

  it('ends what prints without end', async () => {
    const { problem, output } = await pasteAlone('yes', { output: 100_000 });
    assert.deepEqual(problem, { kind: 'too-much-output', program: 'yes', limit: 100_000 });
    assert.ok(output.length < 1_000_000);
  });

  it('ends what takes too long, and names it', async () => {
    const { problem } = await pasteAlone('sleep 300', { timeout: 1_000 });
    assert.deepEqual(problem, { kind: 'too-long', program: 'sleep', seconds: 1 });
  });

  it('notices that a block closed the shell', async () => {
    assert.deepEqual((await pasteAlone('echo bye\nexit 3')).problem, { kind: 'shell-ended' });
  });

  it('ends background jobs and what ignores hang-ups when it closes', async () => {
    await writeFile(join(folder, 'stubborn'), '#!/bin/bash\ntrap "" HUP TERM\necho $$\nwhile :; do sleep 1; done\n', {
      mode: 0o755,
    });
    let pids: number[];
    {
      await using terminal = await open();
      const { output } = await terminal.paste('sleep 300 &\nnohup ./stubborn > pid &\necho "pids: $(jobs -p | xargs)"');
      pids = (/pids: ([\d ]+)/.exec(output)?.[1] ?? '').split(' ').map(Number);
    }
    assert.equal(pids.length, 2);
    for (const pid of pids) assert.ok(!runs(pid), `process ${pid} still runs`);
  });

  it('ends at once when it is aborted', async () => {
    const controller = new AbortController();
    await using terminal = await openTerminal({ environment: environment(), folder, signal: controller.signal });
    const pasting = terminal.paste('sleep 300');
    controller.abort(new Error('stopped by the test'));
    await assert.rejects(pasting, /stopped by the test/);
  });
});
