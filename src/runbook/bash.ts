/** What is wrong with the commands of a page. */
import type { Block } from './blocks.ts';
import { error } from './fault.ts';
import { scan } from './fill.ts';
import type { Fault, Page, Step } from './model.ts';

export function checkCommands(page: Page, blocks: ReadonlyMap<Step, Block>): Fault[] {
  const faults: Fault[] = [];
  const names = page.parameters.map((p) => p.name);
  for (const [step, block] of blocks) {
    if (step === page.parametersBlock) continue;
    for (const misuse of scan(step.command, names).misuses)
      faults.push(error('parameter-use', block.locate(misuse.start), misuse.reason));
  }
  return faults;
}
