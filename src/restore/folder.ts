/**
 * Local working folders of drills, in the folder for temporary files. Each holds its mark, `mark.json`, from its first moment to its
 * last; so the next drill can tell those whose maker is gone, end what still works in them, and remove them.
 */
import { chmod, chown, mkdtemp, readdir, readFile, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { Failure } from '../failure.ts';
import { identify, programsAt } from '../process/identity.ts';
import { until } from '../process/wait.ts';
import { lastWill } from '../process.ts';
import { fateOf, type Maker, maker, ourselves, workingWith } from './mark.ts';

const PREFIX = 'drillbook-drill-';
const MARK = 'mark.json';
/** A folder without a mark is half made or half removed; after an hour nobody is about to mark it. Milliseconds. */
const UNMARKED_MS = 3_600_000;
/** What a drill starts; nothing else is ever ended. */
const PROGRAMS = new Set(['pg_restore', 'psql', 'postgres', 'initdb']);
/** The same for the moment of our own death, without waiting for the next drill. Where there is no /proc it finds nothing. */
const LAST_WILL = `
for process in /proc/[0-9]*; do
  tr '\\0' '\\n' 2>/dev/null < "$process/cmdline" | {
    read -r program
    case "\${program##*/}" in
      ${[...PROGRAMS].join('|')}) grep -qF "$1/" && kill -QUIT "\${process#/proc/}" ;;
    esac
  }
done 2>/dev/null`;
/** How long a program may take to end, in milliseconds. */
const ENDING_MS = 10_000;

const folderMark = maker.extend({
  /** A database that is being made, and does not yet carry a mark itself. */
  making: z.object({ server: z.string(), database: z.string() }).optional(),
});
type FolderMark = z.infer<typeof folderMark>;

export type WorkingFolder = AsyncDisposable & {
  path: string;
  /** Notes that a database is about to be made; without an argument, that it carries its mark now. */
  making(database?: { server: string; database: string }): Promise<void>;
};

/**
 * Makes a working folder that nobody else may read; disposing removes it.
 * @param owner whom it belongs to, where that is another user
 * @throws Failure folder-unusable
 */
export async function workingFolder(owner?: { uid: number; gid: number }): Promise<WorkingFolder> {
  const made = await ourselves();
  try {
    const path = await mkdtemp(join(tmpdir(), PREFIX));
    const over = workingWith(path);
    await writeMark(path, made);
    const will = await lastWill(LAST_WILL, [path]);
    if (owner !== undefined) await chown(path, owner.uid, owner.gid);
    await chmod(path, 0o700);
    return {
      path,
      making: (making) => writeMark(path, { ...made, ...(making && { making }) }),
      [Symbol.asyncDispose]: () =>
        removeFolder(path)
          .finally(over)
          .finally(() => will.over()),
    };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Failure('folder-unusable', { folder: tmpdir(), reason }, { cause });
  }
}

export type AbandonedFolder = { path: string; maker: Maker; making: FolderMark['making'] };

/** Folders of drills that were killed. Empties, without a mark, of long ago are removed in passing. */
export async function abandonedFolders(): Promise<AbandonedFolder[]> {
  const names = (await readdir(tmpdir()).catch(() => [])).filter((name) => name.startsWith(PREFIX));
  const found = await Promise.all(names.map((name) => abandoned(join(tmpdir(), name))));
  return found.filter((folder) => folder !== undefined);
}

async function abandoned(path: string): Promise<AbandonedFolder | undefined> {
  try {
    const { making, ...made } = folderMark.parse(JSON.parse(await readFile(join(path, MARK), 'utf8')));
    return (await fateOf(made, path)) === 'gone' ? { path, maker: made, making } : undefined;
  } catch {
    // No mark, or another's; only what is empty and old goes.
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
    if (Date.now() - mtimeMs > UNMARKED_MS) await rmdir(path).catch(() => {});
    return undefined;
  }
}

/** Ends what a killed drill left running: its restore, its server. Resolves when they are gone. */
export async function endProgramsIn(path: string): Promise<void> {
  for (const signal of ['SIGQUIT', 'SIGKILL'] as const) {
    const pids = programsAt(path, PROGRAMS);
    for (const pid of pids) {
      try {
        process.kill(pid, signal);
      } catch {
        // ended meanwhile, or another user's
      }
    }
    const gone = async () => (await Promise.all(pids.map(identify))).every((identity) => identity === undefined);
    if (await until(gone, { timeout: ENDING_MS })) return;
  }
}

/** Everything in it, then the mark, then the folder itself: killed in the middle, it can still be told. */
export async function removeFolder(path: string, { keepMark = false } = {}): Promise<void> {
  const names = await readdir(path).catch(() => []);
  const others = names.filter((name) => name !== MARK);
  await Promise.all(others.map((name) => rm(join(path, name), { recursive: true, force: true, maxRetries: 3 })));
  if (keepMark) return;
  await rm(join(path, MARK), { force: true });
  await rmdir(path).catch((error: NodeJS.ErrnoException) => {
    // Two that remove the same one are no fault.
    if (error.code !== 'ENOENT') throw error;
  });
}

/** Through another name: a mark is there as a whole, or not at all. */
async function writeMark(path: string, mark: FolderMark): Promise<void> {
  await writeFile(join(path, `${MARK}.new`), JSON.stringify(mark), { mode: 0o600 });
  await rename(join(path, `${MARK}.new`), join(path, MARK));
}
