/**
 * The reader's lane: the blocks are pasted into two terminals, in the page's order, exactly as the site's copy button
 * gives them: filled in, with nothing exported. With `exported` the page is pasted as written instead, after its
 * `parameters` block, as somebody does who reads it in the repository.
 */
import { fill } from '../../runbook/fill.ts';
import type { Step, Where } from '../../runbook/model.ts';
import { fillParametersBlock } from '../../runbook/parameters-block.ts';
import { hidden, hider } from '../hide.ts';
import { resultOf } from '../performed.ts';
import type { StepResult } from '../result.ts';
import { openTerminal, type Terminal } from '../terminal/terminal.ts';
import { inOrder, type LaneOptions, stepsFor } from './lane.ts';

export async function performReader(options: LaneOptions & { exported?: boolean }): Promise<StepResult[]> {
  const { page, values, environment, folders, containers, recorder, signal, limits } = options;
  const hide = hider(environment);
  await using stack = new AsyncDisposableStack();
  const terminals = new Map<Where, Promise<Terminal>>();
  const open = async (where: Where) => {
    const container = where === 'toolbox' ? containers?.toolbox : undefined;
    return stack.use(
      await openTerminal({
        environment: where === 'host' ? (containers?.host ?? environment) : environment,
        folder: folders[where],
        ...(container === undefined ? {} : { container }),
        ...(recorder === undefined ? {} : { watch: recorder.add }),
        ...(signal === undefined ? {} : { signal }),
      }),
    );
  };
  const terminalFor = (where: Where) => {
    const known = terminals.get(where) ?? open(where);
    terminals.set(where, known);
    return known;
  };
  const paste = async (step: Step, text: string, where: Where) => {
    const terminal = await terminalFor(where);
    recorder?.chapter(step.id);
    const pasted = await terminal.paste(text, limits);
    return resultOf(step, hidden(pasted, hide), values);
  };

  if (options.exported && page.parametersBlock !== undefined) {
    const block = page.parametersBlock;
    for (const where of terminalsThatNeed(options)) {
      const result = await paste(block, fillParametersBlock(block.command, values), where);
      if (result.flaw !== undefined) return [result];
    }
  }
  return await inOrder(options, stepsFor(options), (step) =>
    paste(step, options.exported ? step.command : fill(step.command, values), step.where),
  );
}

/**
 * The terminals that the parameters block is pasted into. Where the toolbox is a container, the host knows no bucket and no
 * server; it needs the parameters only when a step on it reads one.
 */
function terminalsThatNeed(options: LaneOptions): Where[] {
  const { page, containers } = options;
  const reads = (command: string) =>
    page.parameters.some(({ name }) => command.includes(`$${name}`) || command.includes(`\${${name}`));
  const host = stepsFor(options).some(({ where, command }) => where === 'host' && reads(command));
  return containers === undefined || host ? ['toolbox', 'host'] : ['toolbox'];
}
