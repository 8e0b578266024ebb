/** Everything that is wrong with the commands of a page, each fault at its place in the page. */
import { parse } from 'unbash';
import type { Block } from './blocks.ts';
import { comparing } from './comparison.ts';
import { destructive } from './destructive.ts';
import { error, nearest, warning } from './fault.ts';
import { scan } from './fill.ts';
import type { Fault, Page, Step } from './model.ts';
import { pasteFaults } from './paste.ts';
import { checkSql } from './sql-check.ts';
import { READABLE, type ShellUse, shellUse } from './variables.ts';

/**
 * @param blocks of each step, and of the `parameters` block
 * @param options `declared`: names of parameters, right or wrong; `unproven`: the page says that it goes on with a backup whose content nobody proved
 */
export function checkCommands(
  page: Page,
  blocks: ReadonlyMap<Step, Block>,
  options: { repository: boolean; unproven: boolean; declared: readonly string[] },
): Fault[] {
  const faults: Fault[] = [];
  const sets = new Map<string, Step>();
  const names = options.declared;
  for (const [step, block] of blocks) {
    const wrong = parse(step.command).errors?.[0];
    if (wrong !== undefined) {
      faults.push(error('bash-syntax', block.locate(wrong.pos), `bash cannot read this: ${wrong.message}`));
      continue;
    }
    const use = shellUse(step.command);
    faults.push(...checkUse(step, use, block, names, sets));
    if (step === page.parametersBlock) {
      faults.push(...checkParametersBlock(step, use, block, names));
      continue;
    }
    for (const misuse of scan(step.command, names).misuses)
      faults.push(error('parameter-use', block.locate(misuse.start), misuse.reason));
    faults.push(...checkPaste(step, block, options.repository), ...checkSql(step.command, page, block));
  }
  faults.push(...checkCompared(page, blocks, options.unproven));
  return faults;
}

function checkUse(step: Step, use: ShellUse, block: Block, names: readonly string[], sets: Map<string, Step>): Fault[] {
  const faults: Fault[] = [];
  const known = [...names, ...READABLE];
  const reported = new Set<string>();
  for (const { name, start } of use.reads) {
    if (known.includes(name) || reported.has(name)) continue;
    reported.add(name);
    const setter = sets.get(name);
    if (setter !== undefined && setter.id !== step.id)
      faults.push(
        error(
          'shell-state',
          block.locate(start),
          `${name} was set in step "${setter.id}" (line ${setter.line}); shell variables do not pass from step to step`,
        ),
      );
    else faults.push(error('variable-unknown', block.locate(start), unknownVariable(name, names, known)));
  }
  for (const { name, start } of use.state)
    faults.push(
      error(
        'shell-state',
        block.locate(start),
        `${name} changes the reader's shell beyond this block; use a subshell: ( ${name} … )`,
      ),
    );
  for (const { name, start } of use.dollars)
    faults.push(
      error(
        'here-document-dollar',
        block.locate(start),
        `the shell replaces ${name} in this here-document; quote its delimiter, or name the dollar quotes: \\$body\\$`,
      ),
    );
  for (const { start } of use.history)
    faults.push(
      error(
        'history-expansion',
        block.locate(start),
        'pasted into a terminal, bash replaces this ! from its history; use single quotes',
      ),
    );
  for (const { name } of use.sets) if (!sets.has(name) && !names.includes(name)) sets.set(name, step);
  return faults;
}

function unknownVariable(name: string, names: readonly string[], known: readonly string[]): string {
  const prefix = names.find((one) => name.startsWith(`${one}_`));
  const meant = prefix === undefined ? nearest(name, known) : undefined;
  const hint =
    prefix === undefined
      ? meant === undefined
        ? ''
        : `, did you mean "${meant}"?`
      : `, did you mean "\${${prefix}}${name.slice(prefix.length)}"?`;
  return `$${name} is neither a parameter nor set in this block${hint} (valid: ${known.join(', ')})`;
}

/** It exports each parameter, and nothing that steps could come to rely on. */
function checkParametersBlock(step: Step, use: ShellUse, block: Block, names: readonly string[]): Fault[] {
  const set = new Set(use.sets.map(({ name }) => name));
  const missing = names.filter(
    (name) => !set.has(name) || !new RegExp(`\\bexport\\b[^;&|]*\\b${name}\\b`).test(step.command),
  );
  const faults: Fault[] = [];
  if (missing.length > 0)
    faults.push(
      error(
        'parameters-export',
        step,
        `the parameters block must export ${missing.join(', ')}: export ${missing[0]}="$${missing[0]}"`,
      ),
    );
  for (const { name, start } of use.sets)
    if (!names.includes(name))
      faults.push(
        error(
          'parameters-export',
          block.locate(start),
          `${name} is no parameter of this page (declared: ${names.join(', ') || 'none'})`,
        ),
      );
  return faults;
}

function checkPaste(step: Step, block: Block, repository: boolean): Fault[] {
  const { faults } = pasteFaults(step.command);
  const destroying = faults.filter((fault) => fault.kind === 'destroys');
  const unsafe = destroying.map((fault) =>
    error(
      'paste-unsafe',
      block.locate(fault.start),
      `${fault.what} still runs when "${fault.after.text}" (line ${block.locate(fault.after.start).line}) fails; join them with && or put all into ( set -euo pipefail … )`,
    ),
  );
  const [first] = faults;
  if (unsafe.length > 0 || first === undefined) return unsafe;
  const make = repository ? error : warning;
  return [
    make(
      'block-form',
      block.locate(first.start),
      `this still runs when "${first.after.text}" (line ${block.locate(first.after.start).line}) fails; a block is one && chain or one ( set -euo pipefail … )`,
    ),
  ];
}

/** Between a download and the first destructive command a comparison must be able to stop the reader. */
function checkCompared(page: Page, blocks: ReadonlyMap<Step, Block>, unproven: boolean): Fault[] {
  const ofBackup = page.parameters.some(({ kind }) => kind === 'backup');
  let downloads = false;
  let fetched = false;
  let own = false;
  let compared = false;
  for (const step of page.steps) {
    const block = blocks.get(step);
    const seen = comparing(step.command);
    const [first] = destructive(step.command);
    const before = (offsets: readonly number[]) => offsets.some((at) => first === undefined || at < first.offset);
    downloads ||= seen.downloads;
    fetched ||= seen.fetchesChecksum;
    own ||= seen.ownChecksum;
    compared ||=
      before(seen.manifests) || (before(seen.checksums) && fetched && !own) || (before(seen.readings) && unproven);
    if (compared || first === undefined || block === undefined || !(downloads || ofBackup)) continue;
    const why = own
      ? 'a checksum computed from the file itself does not count'
      : 'fetch its .sha256 from the store and run sha256sum --check';
    return [
      error(
        'not-compared',
        block.locate(first.offset),
        `${first.what} before the backup was compared with the store's checksum or manifest: ${why}`,
      ),
    ];
  }
  return [];
}
