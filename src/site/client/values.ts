/**
 * The reader's values: what was typed, what the link carried, what is the default. They stay in this tab: sessionStorage,
 * and nothing is sent anywhere.
 */
import type { Parameter } from '../../runbook/model.ts';
import { checkValue } from '../../runbook/parameters.ts';
import { labelOf } from '../words.ts';

/** `link`: it came with the address and nobody has looked at it yet. */
type Source = 'default' | 'reader' | 'link';
export type Value = { text: string; source: Source; problem?: string };

const KEY = 'drillbook:values';

export class Values {
  readonly parameters: readonly Parameter[];
  private readonly values = new Map<string, Value>();

  constructor(parameters: readonly Parameter[], search: string) {
    this.parameters = parameters;
    const link = new URLSearchParams(search);
    const kept = readKept();
    for (const parameter of parameters) {
      const carried = link.get(parameter.name);
      const own = kept[parameter.name];
      if (carried !== null && carried !== own) this.put(parameter, carried, 'link');
      else if (own !== undefined) this.put(parameter, own, 'reader');
      else this.put(parameter, parameter.default ?? '', 'default');
    }
  }

  get(name: string): Value | undefined {
    return this.values.get(name);
  }

  /** What the reader typed. */
  type(name: string, text: string): void {
    const parameter = this.parameters.find((one) => one.name === name);
    if (parameter === undefined) return;
    this.put(parameter, text.trim(), 'reader');
    this.keep();
  }

  /** The reader has looked at what the link carried. */
  confirm(): void {
    for (const value of this.values.values()) if (value.source === 'link') value.source = 'reader';
    this.keep();
  }

  unconfirmed(): string[] {
    return [...this.values].filter(([, { source, problem }]) => source === 'link' && !problem).map(([name]) => name);
  }

  /** Why a block that uses these names cannot be copied yet, and which field is concerned; undefined: it can. */
  missing(names: readonly string[]): { name: string; reason: string } | undefined {
    for (const name of names) {
      const value = this.values.get(name);
      if (value === undefined) continue;
      const label = labelOf(name);
      if (value.text === '') return { name, reason: `Fill in ${label.toLowerCase()} first.` };
      if (value.problem !== undefined) return { name, reason: `${label}: ${value.problem}.` };
      if (value.source === 'link') return { name, reason: 'These values came with the link. Confirm them first.' };
    }
    return undefined;
  }

  private put({ name, kind }: Parameter, text: string, source: Source): void {
    const problem = text === '' ? undefined : checkValue(kind, text);
    this.values.set(name, { text, source, ...(problem === undefined ? {} : { problem }) });
  }

  private keep(): void {
    const kept = readKept();
    for (const [name, { text, source, problem }] of this.values)
      if (source === 'reader' && problem === undefined && text !== '') kept[name] = text;
      else if (source === 'reader' && text === '') delete kept[name];
    try {
      sessionStorage.setItem(KEY, JSON.stringify(kept));
    } catch {
      // Storage may be forbidden; the page still works, until it is left.
    }
  }
}

function readKept(): Record<string, string> {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? '{}');
    if (typeof kept !== 'object' || kept === null) return {};
    return Object.fromEntries(
      Object.entries(kept).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    );
  } catch {
    return {};
  }
}
