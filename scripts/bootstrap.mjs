// @ts-check
// The first thing that runs on a new machine, on whatever Node.js 20 or newer it has: brings the packages (among them the
// project's own Node 24) to what package-lock.json says, then hands over to a TypeScript entry point on that Node. Plain
// JavaScript, without a package, because nothing else is there yet.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(root, 'node_modules', '.drillbook-lock');
const node = join(root, 'node_modules', '.bin', 'node');
const [entry, ...rest] = process.argv.slice(2);

if (Number(process.versions.node.split('.')[0]) < 20) {
  stop(`Node.js ${process.versions.node} is too old to begin with: install Node.js 20 or newer.`, 2);
}
if (entry === undefined) stop('usage: node scripts/bootstrap.mjs <entry.ts> [arguments]', 2);

const wanted = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex');
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted || !runs(node)) installPackages();
handOver();

/** Whether the project's own Node is whole: an interrupted installation leaves a link to nothing. */
function runs(/** @type {string} */ program) {
  return spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout?.startsWith('v24.') ?? false;
}

function installPackages() {
  const since = Date.now();
  console.error(
    '… Packages of package-lock.json and Node 24 into node_modules (npm ci); about a minute the first time',
  );
  const installed = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (installed.status !== 0) {
    stop(
      'npm ci did not succeed. Its message is above; check the connection to the npm registry, then run the same command again.',
      3,
    );
  }
  if (!runs(node)) {
    stop(
      'The package "node" did not install Node 24: its install script must be allowed (npm config get ignore-scripts must be false).',
      3,
    );
  }
  writeFileSync(stamp, wanted);
  console.error(`  Packages are installed (${((Date.now() - since) / 1000).toFixed(1)} s)`);
}

/** Runs the entry point in this terminal and hands signals on: one that the terminal sent to both comes twice, which does no harm. */
function handOver() {
  const child = spawn(node, [join(root, String(entry)), ...rest], { cwd: root, stdio: 'inherit' });
  process.on('SIGINT', () => child.kill('SIGINT'));
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.once('exit', (status, signal) => {
    process.exitCode = status ?? (signal === 'SIGINT' ? 130 : 143);
  });
}

/** @returns {never} */
function stop(/** @type {string} */ sentence, /** @type {number} */ status) {
  console.error(`error: ${sentence}`);
  process.exit(status);
}
