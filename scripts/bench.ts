/** `npm run bench`: what drills, backups, lists and rehearsals cost, each against the plain way. It prints figures and asserts nothing. */
import { writeFileSync } from 'node:fs';
import { availableParallelism, loadavg, release, totalmem, type } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type WorkContext, work } from '../src/cli/command.ts';
import { whole } from '../src/cli/whole.ts';
import { Failure } from '../src/failure.ts';
import { measureCatalogue } from '../test/bench/catalogue.ts';
import { measureDatabase } from '../test/bench/database.ts';
import { measureRehearsals } from '../test/bench/rehearsal.ts';
import { type Figures, figuresText } from '../test/bench/text.ts';

const PARTS = ['drill', 'own', 'backup', 'catalogue', 'rehearsal'];
const HELP = `npm run bench [-- options]

  --rows <n>      about how many rows the sample has, 10000 to 5000000 (5000000: about 0.8 GB)
  --pairs <n>     how often each is run against its plain way (3)
  --backups <n>   how many backups lie in the bucket whose list is read, 100 to 100000 (10000)
  --only <parts>  some of ${PARTS.join(',')} (all)
  --json <file>   also write every single figure to a file

  npm run bench                                      everything at full size: about ten minutes
  npm run bench -- --rows 100000 --pairs 1           a quick look
  npm run bench -- --only rehearsal --json out.json  one part, with its figures in a file
`;
const ROOT = fileURLToPath(new URL('..', import.meta.url));

process.exitCode = await work(bench);

async function bench({ report, print, signal }: WorkContext): Promise<number> {
  const { help, only, json, rows, pairs, backups } = optionsOf(process.argv.slice(2));
  if (help) {
    print(HELP);
    return 0;
  }
  const before = loadavg();
  const measured = { rows, pairs, report, signal };
  const wanted = { drill: only.includes('drill'), own: only.includes('own'), backup: only.includes('backup') };
  const database = Object.values(wanted).includes(true) ? await measureDatabase(wanted, measured) : undefined;
  const catalogue = only.includes('catalogue') ? await measureCatalogue({ backups, report, signal }) : undefined;
  const rehearsal = only.includes('rehearsal') ? await measureRehearsals(ROOT, measured) : undefined;
  const { postgres = '', minio = '', mc = '' } = (database ?? catalogue ?? rehearsal)?.versions ?? {};
  const load = [before, loadavg()].map(([minute = 0]) => minute);
  const figures: Figures = {
    machine: { cpus: availableParallelism(), memory: totalmem(), system: `${type()} ${release()}`, load },
    versions: { PostgreSQL: postgres, MinIO: minio, mc, 'Node.js': process.versions.node },
    database: database?.figures,
    catalogue: catalogue?.figures,
    rehearsal: rehearsal?.figures,
  };
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(figures, null, 1)}\n`);
  print(figuresText(figures));
  return 0;
}

function optionsOf(args: string[]) {
  const text = { type: 'string' } as const;
  const help = { type: 'boolean', short: 'h' } as const;
  const options = { rows: text, pairs: text, backups: text, only: text, json: text, help } as const;
  try {
    const { values } = parseArgs({ args, options });
    const { rows = '5000000', pairs = '3', backups = '10000', only = PARTS.join(), json } = values;
    const parts = only.split(',');
    const unknown = parts.find((part) => !PARTS.includes(part));
    if (unknown !== undefined) throw new RangeError(`--only knows ${PARTS.join(', ')}, not "${unknown}"`);
    return {
      help: values.help,
      json,
      only: parts,
      rows: whole('rows', rows, 10_000, 5_000_000),
      pairs: whole('pairs', pairs, 1, 99),
      backups: whole('backups', backups, 100, 100_000),
    };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replace(/\.$/, '') : String(cause);
    throw new Failure(
      'argument-wrong',
      { argument: 'npm run bench', reason, usage: 'npm run bench -- --help' },
      { cause },
    );
  }
}
