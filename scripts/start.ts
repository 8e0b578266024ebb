/**
 * `npm start`: everything is set up, the sample is backed up and drilled, every runbook is rehearsed, and the site is
 * served until Ctrl-C. What an earlier start has shown, with the same files and programs, is not shown again.
 */
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { takeBackup } from '../src/backup/take.ts';
import { type WorkContext, work } from '../src/cli/command.ts';
import { bytes, seconds } from '../src/cli/progress.ts';
import { hashOf, Remembered } from '../src/cli/remembered.ts';
import { whole } from '../src/cli/whole.ts';
import { Failure } from '../src/failure.ts';
import { furnishedLab } from '../src/lab/furnished.ts';
import type { Lab } from '../src/lab/lab.ts';
import type { Report } from '../src/progress.ts';
import { rehearse } from '../src/rehearsal/matrix.ts';
import { loadPages } from '../src/rehearsal/pages.ts';
import type { Rehearsal } from '../src/rehearsal/result.ts';
import { reportText } from '../src/report/text.ts';
import { drill } from '../src/restore/drill.ts';
import { verdictText } from '../src/restore/text.ts';
import { buildSite } from '../src/site/build.ts';
import { serveSite } from '../src/site/serve.ts';

const HELP = `npm start [-- options]

  --all          rehearse every scenario in both lanes, not only "intact"
  --fresh        do again what an earlier start has already shown
  --rows <n>     about how many rows the sample has, 10000 to 5000000 (20000)
  --port <n>     the port to serve on; the next free one when it is taken (4321)

  npm start                    set up, back up, drill, rehearse, serve
  npm start -- --all --fresh   the whole matrix, from the beginning
`;
const CODE = ['src', 'scripts', 'runbooks', 'package-lock.json'];
const SITE = [
  ...['src/runbook', 'src/site', 'src/content.config.ts', 'astro.config.mjs', 'package-lock.json'],
  ...['runbooks', 'docs', 'public'],
];

process.exitCode = await work(start);

async function start(context: WorkContext): Promise<number> {
  const options = optionsOf(process.argv.slice(2));
  const { report, print, signal } = context;
  if (options.help) {
    print(HELP);
    return 0;
  }
  const began = Date.now();
  const remembered = new Remembered('.drillbook/start.json');
  const shared = { report, signal, remembered, ...options };
  await using stack = new AsyncDisposableStack();

  const lab = stack.use(await furnishedLab({ rows: options.rows, report, signal }));
  const backup = await takeBackup(lab.settings, shared);
  const verdict = await drill(lab.settings, { ...shared, backup: backup.name });
  if (verdict.verdict !== 'proven') {
    print(verdictText(verdict));
    return 1;
  }
  const rehearsed = await rehearseAll(lab, shared);
  const built = await build(shared);
  const site = stack.use(await serveSite({ folder: 'dist', port: options.port }));
  print(`
Drillbook is ready after ${seconds(Date.now() - began)}.

  Backup      ${backup.name}, ${bytes(backup.bytes)}
  Drill       ${verdict.verdict}
  Rehearsals  ${rehearsed}
  Site        ${built}
  PostgreSQL  ${lab.versions.postgres} on port ${lab.settings.postgres.port}; MinIO ${lab.versions.minio} at ${lab.settings.store.endpoint.href}

  Open ${site.url}
  Ctrl-C stops everything and removes what was started.
`);
  await aborted(signal);
  return 0;
}

type Shared = { report: Report; signal: AbortSignal; remembered: Remembered; all: boolean; fresh: boolean };

/** Every page in `intact`, or in all it names; throws when one is wrong. */
async function rehearseAll(lab: Lab, { report, signal, remembered, all, fresh }: Shared): Promise<string> {
  const title = all ? 'every scenario' : 'intact';
  const hash = hashOf(CODE, Object.values(lab.versions));
  const known = fresh ? undefined : remembered.recall(`rehearsal of ${title}`, hash);
  if (known !== undefined) return `${known}, shown by an earlier start`;
  const pages = await loadPages(process.cwd(), []);
  const result = await rehearse(pages, { lab, ...(all ? {} : { scenarios: ['intact'] }), report, signal });
  if (result.verdict !== 'passed') {
    process.stderr.write(reportText(result));
    if (result.verdict === 'undecided') throw undecided(result);
    throw new Failure('page-wrong', { faults: 'The report above names each place.' });
  }
  const runs = result.pages.flatMap((page) => page.runs);
  const said = `${pages.length} runbooks, ${runs.length} of ${runs.length} runs passed (${title}, both lanes)`;
  remembered.remember(`rehearsal of ${title}`, hash, said);
  return said;
}

/** That the lab could not be put in a state says nothing about the pages. */
function undecided({ pages }: Rehearsal): Failure {
  const run = pages.flatMap(({ runs }) => runs).find(({ verdict }) => verdict === 'undecided');
  const reason = (run?.findings[0]?.reason ?? 'the report above says why').replace(/\.$/, '');
  return new Failure('scenario-impossible', { scenario: run?.scenario ?? 'intact', reason });
}

async function build({ report, signal, remembered, fresh }: Shared): Promise<string> {
  const hash = hashOf(SITE);
  const known = fresh || !existsSync('dist/index.html') ? undefined : remembered.recall('site', hash);
  if (known !== undefined) return `${known}, built by an earlier start`;
  const { pages } = await buildSite({ outDir: 'dist', report, signal });
  const said = `${pages} pages`;
  remembered.remember('site', hash, said);
  return said;
}

function optionsOf(args: string[]) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        all: { type: 'boolean', default: false },
        fresh: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
        rows: { type: 'string', default: '20000' },
        port: { type: 'string', default: '4321' },
      },
    });
    return {
      ...values,
      rows: whole('rows', values.rows, 10_000, 5_000_000),
      port: whole('port', values.port, 0, 65_535),
    };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replace(/\.$/, '') : String(cause);
    throw new Failure('argument-wrong', { argument: 'npm start', reason, usage: 'npm start -- --help' }, { cause });
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
