/**
 * Reads an archive to its end. The table of contents alone says nothing: a cut archive lists all its tables and exits 0.
 * pg_restore itself hangs on some cut tar archives and accepts others, and a cut plain dump restores without an error: so
 * those are judged by their structure, and every program has a time limit that follows from the size.
 */
import { join } from 'node:path';
import { Failure } from '../failure.ts';
import { lastLines, type Running, stream } from '../process.ts';
import type { ArchiveHead } from './archive.ts';
import { checkReadable } from './archive.ts';
import { type OpenedArchive, openArchive } from './opened.ts';
import type { PostgresPrograms } from './programs.ts';
import { scanScript } from './script.ts';
import { type ScriptFacts, scriptReader } from './script-facts.ts';
import { tarFault } from './tar.ts';

export type VerifyOptions = { name?: string; signal?: AbortSignal | undefined };

/**
 * Reads a file completely and returns what it is, inside of what it may be packed in.
 * @throws Failure archive-unknown, archive-packed, archive-newer, archive-damaged, archive-unsafe, program-timeout
 */
export async function verifyArchive(
  file: string,
  programs: PostgresPrograms,
  options: VerifyOptions = {},
): Promise<ArchiveHead> {
  await using archive = await openArchive(file, options);
  checkReadable(archive.head, programs, undefined, archive.name);
  await checkStructure(archive);
  await readWhole(archive, programs, options.signal);
  return archive.head;
}

/** What can be seen without reading everything. @throws Failure archive-damaged */
export async function checkStructure({ head, file, name }: OpenedArchive): Promise<void> {
  const fault = head.format === 'tar' ? await tarFault(file) : undefined;
  if (fault !== undefined) throw new Failure('archive-damaged', { archive: name, message: fault });
}

/**
 * Reads an archive to its end and returns what it says of itself.
 * @throws Failure as verifyArchive
 */
export async function readWhole(
  archive: OpenedArchive,
  programs: PostgresPrograms,
  signal?: AbortSignal,
): Promise<ScriptFacts> {
  const { head, name, file, bytes } = archive;
  const trusted = head.format !== 'plain';
  const reader = scriptReader(name, { trusted });
  if (!trusted) {
    const scan = scanScript(archive.sql(signal));
    for await (const piece of scan.pieces) reader.accept(piece);
    reader.finish(scan.whole);
    return reader.facts;
  }
  const running = await startProgram(programs, ['--file=-', file], { bytes, signal });
  try {
    running.stdin.end();
    for await (const piece of scanScript(running.stdout).pieces) reader.accept(piece);
    await judgeReading(running, name, programs);
  } finally {
    await running.kill();
  }
  return reader.facts;
}

/**
 * Starts pg_restore reading a custom archive, from a file or from its standard input, and discarding what it makes of it.
 * `bytes` bounds the time that may take; without it there is no limit.
 */
export function startReading(
  programs: PostgresPrograms,
  source: { file?: string; bytes?: number; signal?: AbortSignal | undefined },
): Promise<Running> {
  return startProgram(programs, ['--file=/dev/null', ...(source.file === undefined ? [] : [source.file])], source);
}

/** Waits for a reader whose input has ended. @throws Failure archive-damaged */
export async function readToEnd(reader: Running, name: string): Promise<void> {
  reader.stdin.end();
  reader.stdout.resume();
  await judgeReading(reader, name);
}

function startProgram(
  programs: PostgresPrograms,
  args: string[],
  { bytes, signal }: { bytes?: number; signal?: AbortSignal | undefined },
): Promise<Running> {
  return stream(join(programs.bin, 'pg_restore'), args, {
    env: { ...process.env, LC_ALL: 'C' },
    ...(bytes === undefined ? {} : { timeout: timeLimit(bytes) }),
    ...(signal === undefined ? {} : { signal }),
  });
}

async function judgeReading(reader: Running, name: string, programs?: PostgresPrograms): Promise<void> {
  const { status, stderr } = await reader.ended;
  if (status === 0) return;
  const lacking = programs && unreadable(stderr, programs);
  throw lacking ?? new Failure('archive-damaged', { archive: name, message: lastLines(stderr) });
}

/** The Failure for an archive that is not wrong, but that this pg_restore was not made for. */
export function unreadable(stderr: string, { version }: PostgresPrograms): Failure | undefined {
  const [, header] = /unsupported version \(([\d.]+)\) in file header/.exec(stderr) ?? [];
  if (header !== undefined) return new Failure('archive-newer', { archive: `(format ${header})`, program: version });
  const [, compression = 'compressed'] = /does not support compression with (\w+)/.exec(stderr) ?? [];
  if (!/does not support compression|compression (is )?not supported/.test(stderr)) return undefined;
  return new Failure('archive-compression', { compression, program: version });
}

/** Milliseconds: a minute, and a second for every 2 MB. */
function timeLimit(bytes: number): number {
  return 60_000 + bytes / 2_000;
}
