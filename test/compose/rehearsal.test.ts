/** The runbooks in containers: two terminals, both lanes, and what is left when a lab goes. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { compose, docker, labelled } from '../../src/lab/compose/docker.ts';
import { containerOf, readState, type State } from '../../src/lab/compose/state.ts';
import { execIn, RUN_MARK } from '../../src/lab/container.ts';
import { furnishedLab } from '../../src/lab/furnished.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { connect } from '../../src/postgres/connection.ts';
import { run } from '../../src/process.ts';
import { silent } from '../../src/progress.ts';
import { rehearse } from '../../src/rehearsal/matrix.ts';
import { type LoadedPage, loadPages } from '../../src/rehearsal/pages.ts';
import type { PageResult } from '../../src/rehearsal/result.ts';
import { openTerminal } from '../../src/rehearsal/terminal/terminal.ts';
import { createWorld, prepareScenario } from '../../src/rehearsal/world.ts';
import { reportText } from '../../src/report/text.ts';
import type { ScenarioName } from '../../src/runbook/model.ts';

const ROWS = 10_000;
const RUNBOOKS = ['drill', 'restore-and-swap', 'restore-in-place'];
const SCENARIOS: ScenarioName[] = ['intact', 'damaged-backup', 'busy'];
const WRONG = ['wrong-output', 'fails-in-the-middle', 'waits-for-key'];
const FIXTURES = 'test/fixtures/rehearsal';

let lab: Lab;
let state: State;

before(async () => {
  lab = await furnishedLab({ kind: 'compose', rows: ROWS, report: silent });
  state = stateOf(lab);
});
after(() => lab?.down());

describe('a rehearsal in containers', () => {
  for (const name of RUNBOOKS)
    it(`${name}: ends as the page says, pasted into two terminals and by its scripts`, async (t) => {
      const pages = await pagesOf([name]);
      const rehearsal = await rehearse(pages, { lab, scenarios: SCENARIOS, report: silent });
      const [result] = rehearsal.pages;
      assert.equal(result?.runs.length, 2 * SCENARIOS.length, reportText(rehearsal));
      for (const { scenario, lane, ended, verdict, steps } of result.runs)
        await t.test(`${scenario}, ${lane} lane: ${ended}`, () => {
          assert.equal(verdict, 'passed', reportText(rehearsal));
          // The variants of this lab ran, and no other's.
          assert.deepEqual([...new Set(steps.map(({ lab: kind }) => kind ?? 'compose'))], ['compose']);
        });
    });

  it('says of a wrong page where and why, in both lanes, and keeps what the services logged', async () => {
    const pages = await pagesOf(WRONG.map((name) => `${FIXTURES}/${name}.mdx`));
    const logs = mkdtempSync(join(tmpdir(), 'drillbook-logs-'));
    try {
      const rehearsal = await rehearse(pages, { lab, logs, report: silent, limits: { timeout: 60_000 } });
      assert.deepEqual(rehearsal.pages.flatMap(foundIn), [
        [`${FIXTURES}/wrong-output.mdx:22:1`, 'reader', 'output-differs', 'rows: 40'],
        [`${FIXTURES}/wrong-output.mdx:22:1`, 'script', 'output-differs', 'rows: 40'],
        [`${FIXTURES}/fails-in-the-middle.mdx:17:1`, 'reader', 'command-failed', CP],
        [`${FIXTURES}/fails-in-the-middle.mdx:16:1`, 'script', 'command-failed', CP],
        [`${FIXTURES}/waits-for-key.mdx:16:1`, 'reader', 'waits-for-key', PAGER],
      ]);
      const [first] = rehearsal.pages[0]?.runs ?? [];
      assert.match(first?.findings[0]?.again ?? '', /rehearse \S+ --lab compose --scenario intact --lane reader$/);
      assert.match(readFileSync(join(first?.logs ?? '', 'postgres.log'), 'utf8'), /database system is ready/);
      assert.match(readFileSync(join(first?.logs ?? '', 'backend.log'), 'utf8'), /"event":"ready"/);
      assert.match(reportText(rehearsal), new RegExp(`logs +${first?.logs}`));
    } finally {
      rmSync(logs, { recursive: true });
    }
  });
});

const CP = "status 1: cp: cannot stat 'archive-that-is-not-here': No such file or directory";
const PAGER = /^(less|pager) in front, reading the terminal/;

describe('the toolbox of a run', () => {
  it('is an own folder in the volume, and ends everything that was started in it, background jobs included', async () => {
    await using world = await createWorld(lab);
    let container: NonNullable<Awaited<ReturnType<typeof prepareScenario>>['containers']>['toolbox'];
    {
      await using prepared = await prepareScenario(world, 'intact');
      assert.ok(prepared.containers);
      container = prepared.containers.toolbox;
      await using terminal = await openTerminal({ environment: {}, folder: '/', container });
      const { output, status } = await terminal.paste(
        'pwd; ls -A; (trap "" HUP; exec sleep 1000) & disown; env -i sleep 1001 &',
      );
      assert.equal(status, 0);
      assert.match(output, new RegExp(`^${prepared.folder}\r\n`));
      assert.equal((await programsIn(container.mark)).length > 0, true);
    }
    assert.deepEqual(await programsIn(container.mark), []);
    const { stdout } = await docker(state, [
      'exec',
      containerOf(state, 'backup'),
      'ls',
      '-A',
      '/restore',
      '/restore/.runs',
    ]);
    assert.doesNotMatch(stdout, /intact-/);
    assert.doesNotMatch(await commandLines(), /sleep 100[01]/);
  });

  it('gives the reader what a person finds there, with a home folder of his own', async () => {
    await using world = await createWorld(lab);
    await using prepared = await prepareScenario(world, 'plain-owner');
    assert.ok(prepared.containers);
    const exec = execIn(prepared.containers.toolbox, [
      'bash',
      '-c',
      'psql -X -At -d postgres -c "SELECT current_user"; mc ls "store/$BUCKET"',
    ]);
    const ran = await run(exec.program, exec.args, { env: exec.env, timeout: 60_000 });
    assert.match(ran.stdout, /^freshtrack_owner_plain\n/);
    assert.match(ran.stdout, new RegExp(`${prepared.backup}\\n`));
    assert.equal(ran.status, 0, ran.stderr);
    // Nothing of it stands on a command line.
    assert.ok(!exec.args.join(' ').includes(state.secrets.plainOwner));
  });

  async function programsIn(mark: string): Promise<string[]> {
    const look = `grep --files-with-matches --null-data --line-regexp --fixed-strings "${RUN_MARK}=${mark}" /proc/[0-9]*/environ 2>/dev/null`;
    const { stdout } = await docker(state, ['exec', containerOf(state, 'backup'), 'bash', '-c', look]);
    return stdout.split('\n').filter(Boolean);
  }

  async function commandLines(): Promise<string> {
    const look = 'for file in /proc/[0-9]*/cmdline; do tr "\\0" " " <"$file"; echo; done';
    return (await docker(state, ['exec', containerOf(state, 'backup'), 'bash', '-c', look])).stdout;
  }
});

describe('labs', () => {
  it('are made again as they were in their own containers, whatever a page did', async () => {
    await using world = await createWorld(lab);
    const before = await containers(state);
    {
      await using client = await connect(lab.settings.postgres, { database: 'postgres' });
      await client.query('DROP DATABASE freshtrack WITH (FORCE)');
      await docker(state, ['stop', containerOf(state, 'minio')]);
    }
    await using prepared = await prepareScenario(world, 'intact');
    assert.deepEqual(
      prepared.before.databases.map(({ name, digest }) => [name, digest]),
      world.pristine.databases.map(({ name, digest }) => [name, digest]),
    );
    assert.deepEqual(await containers(state), before);
    // Those that were stopped are healthy again, or a page could not start the application.
    await compose(lab.folder, state, ['up', '--detach', '--wait', 'backend'], { timeout: 120_000 });
    assert.deepEqual(await containers(state), before);
  });

  it('stand side by side, know their own server, and leave nothing behind', async () => {
    const own = await containers(state);
    const other = await furnishedLab({ kind: 'compose', rows: ROWS, report: silent });
    const their = stateOf(other);
    try {
      assert.notEqual(their.id, state.id);
      assert.deepEqual([await lab.ownsServer(), await other.ownsServer()], [true, true]);
      const { settings } = lab;
      const mixed = { ...other, settings: { ...settings, postgres: { ...settings.postgres, database: 'postgres' } } };
      await using client = await connect(other.settings.postgres, { database: 'postgres' });
      await client.query('CREATE DATABASE only_here');
      await using mine = await connect(mixed.settings.postgres, { database: 'postgres' });
      assert.equal((await mine.query(`SELECT 1 FROM pg_database WHERE datname = 'only_here'`)).rowCount, 0);
    } finally {
      await other.down();
    }
    for (const kind of ['container', 'network', 'volume'] as const) assert.deepEqual(await labelled(their, kind), []);
    assert.equal(existsSync(other.folder), false);
    assert.deepEqual(await containers(state), own);
    assert.ok(await lab.ownsServer());
  });
});

describe('a lab that is taken down', () => {
  it('leaves no container, network, volume or folder', async () => {
    await lab.down();
    for (const kind of ['container', 'network', 'volume'] as const) assert.deepEqual(await labelled(state, kind), []);
    assert.equal(existsSync(lab.folder), false);
    assert.ok(!readdirSync(tmpdir()).includes(lab.folder.split('/').at(-1) ?? ''));
  });
});

function stateOf({ folder }: Lab): State {
  const found = readState(folder);
  assert.ok(found);
  return found;
}

/** Ids of the services that stay, of this lab alone. */
async function containers(of: State): Promise<string[]> {
  const names = (['postgres', 'minio', 'backend', 'backup'] as const).map((service) => containerOf(of, service));
  const { stdout } = await docker(of, ['inspect', '--format', '{{.Name}} {{.Id}} {{.State.Status}}', ...names]);
  return stdout.trim().split('\n');
}

/** As they are, for this lab also where their frontmatter does not name it yet. */
async function pagesOf(names: string[]): Promise<LoadedPage[]> {
  const pages = await loadPages(process.cwd(), names);
  return pages.map((loaded) => ({ ...loaded, page: { ...loaded.page, labs: ['compose'] } }));
}

function foundIn({ runs }: PageResult) {
  return runs.flatMap(({ lane, findings }) =>
    findings.map(({ path, line, column, rule, received = '' }) => [
      `${path}:${line}:${column}`,
      lane,
      rule,
      PAGER.test(received) ? PAGER : received,
    ]),
  );
}
