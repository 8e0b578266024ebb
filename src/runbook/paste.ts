/**
 * Paste safety: for every command in a block, it fails, and nothing destructive after it may run. Follows the ways bash
 * goes on after a failure: pasted lines do, `;` does, all but the last of a pipeline do without pipefail, and `set -e`
 * does wherever a status is asked for (`&&`, `||`, `!`, `if`), even inside a subshell.
 */
import { type Command, parse, type Statement, type SyntaxNode } from 'unbash';
import { destructiveParts, type Part, printedSql, shortText } from './destructive.ts';
import { alwaysFails, children, isQuestion, options, type Shell } from './shell.ts';
import { psqlOf } from './sql.ts';
import { baseName, invocation, textOf } from './words.ts';

/** A command whose failure does not stop what follows. */
export type Culprit = { text: string; start: number; end: number };
export type PasteFault =
  | { kind: 'destroys'; after: Culprit; what: string; start: number }
  | { kind: 'goes-on'; after: Culprit; start: number };

/** What can come out of a piece of shell. */
type Flow = {
  /** Failures that nobody notices. */
  leaks: Culprit[];
  /** Failures that show in its status. */
  fails: Culprit[];
  /** Failures that end the shell it runs in. */
  ends: Culprit[];
  /** It ends the shell in any case. */
  exits: boolean;
};
export type PasteResult = {
  faults: PasteFault[];
  /** Commands whose failure the block hides. */
  leaks: Culprit[];
};

export function pasteFaults(source: string): PasteResult {
  const faults = new Map<string, PasteFault>();
  const report = (fault: PasteFault) => {
    const key = `${fault.kind} ${fault.start}`;
    if (!faults.has(key)) faults.set(key, fault);
  };
  const shell = { errexit: false, pipefail: false, asked: false };
  const { leaks } = follow(source, report).list(parse(source).commands, [], shell);
  return { faults: [...faults.values()].sort((a, b) => a.start - b.start), leaks };
}

const NOTHING: Flow = { leaks: [], fails: [], ends: [], exits: false };
/** Their failure says nothing, unless a guard such as `${X:?}` stands in them. */
const HARMLESS = new Set(['echo', 'printf', 'sleep', 'true', ':']);
const SHELLS: ReadonlySet<string> = new Set(['bash', 'sh', 'eval']);

function follow(source: string, report: (fault: PasteFault) => void) {
  const functions = new Map<string, SyntaxNode>();
  const culprit = (node: { pos: number; end: number }, text: string): Culprit => ({
    text,
    start: node.pos,
    end: node.end,
  });

  /** Statements one after the other. */
  const list = (statements: readonly Statement[], before: Culprit[], shell: Shell): Flow => {
    const flow: Flow = { leaks: [], fails: [], ends: [], exits: false };
    const last = statements.at(-1);
    const failsAnyway = last !== undefined && alwaysFails(last);
    for (const [index, statement] of statements.entries()) {
      const own = node(statement.command, [...before, ...flow.leaks], shell);
      flow.leaks.push(...own.leaks);
      flow.ends.push(...own.ends);
      if (own.exits) return { ...flow, fails: own.fails, exits: true };
      const stops = shell.errexit && !shell.asked ? stopping(statement.command, own) : [];
      const goesOn = own.fails.filter((one) => !stops.includes(one));
      flow.ends.push(...stops);
      if (statement === last && !statement.background) flow.fails.push(...goesOn);
      else {
        const next = statements[index + 1];
        if (goesOn[0] && next && !failsAnyway) report({ kind: 'goes-on', after: goesOn[0], start: next.pos });
        flow.leaks.push(...goesOn);
      }
    }
    return flow;
  };

  /**
   * Which failures end a shell with `set -e`: not those before `&&`, and not negated ones. What went on inside braces, `if` or a
   * loop goes on outside as well; only a subshell's status counts again.
   */
  const stopping = (of: SyntaxNode, flow: Flow): Culprit[] => {
    if (isNegated(of)) return [];
    if (of.type === 'Redirected') return stopping(of.command, flow);
    if (of.type === 'Command' || of.type === 'Subshell' || of.type === 'Pipeline') return flow.fails;
    const last = of.type === 'AndOr' ? of.commands.at(-1) : undefined;
    if (last === undefined) return [];
    return stopping(last, { ...flow, fails: flow.fails.filter((one) => one.start >= last.pos && one.end <= last.end) });
  };

  const chain = (of: Extract<SyntaxNode, { type: 'AndOr' }>, before: Culprit[], shell: Shell): Flow => {
    const flow: Flow = { leaks: [], fails: [], ends: [], exits: false };
    for (const [index, command] of of.commands.entries()) {
      const last = index === of.commands.length - 1;
      const or = of.operators[index - 1] === '||';
      const reached = or ? [...before, ...flow.leaks, ...flow.fails] : [...before, ...flow.leaks];
      const own = node(command, reached, last ? shell : { ...shell, asked: true });
      // What failed before `||` has been answered: by leaving, by failing as well, or by going on.
      if (or && own.exits) flow.ends.push(...flow.fails.splice(0));
      else if (or && !alwaysFails(command)) flow.leaks.push(...flow.fails.splice(0));
      flow.exits ||= own.exits && index === 0;
      flow.leaks.push(...own.leaks);
      flow.fails.push(...own.fails);
      flow.ends.push(...own.ends);
    }
    return flow;
  };

  const pipeline = (of: Extract<SyntaxNode, { type: 'Pipeline' }>, before: Culprit[], shell: Shell): Flow => {
    const flow: Flow = { leaks: [], fails: [], ends: [], exits: false };
    const upstream: Culprit[] = [];
    const runsSql = of.commands.some((one) => one.type === 'Command' && psqlOf(one));
    for (const [index, command] of of.commands.entries()) {
      const last = index === of.commands.length - 1;
      const own = node(command, [...before, ...upstream], { ...shell });
      if (runsSql && command.type === 'Command') destroys(printedSql(command, source), before);
      const failed = [...own.fails, ...(of.commands.length > 1 ? own.ends : [])];
      flow.leaks.push(...own.leaks);
      (last || shell.pipefail ? flow.fails : flow.leaks).push(...failed);
      if (of.commands.length === 1) flow.ends.push(...own.ends);
      // All parts start at once.
      upstream.push(...failed);
    }
    return flow;
  };
  const isNegated = (of: SyntaxNode): boolean =>
    of.type === 'Pipeline' && of.prefixes.some(({ type }) => type === 'Negation');

  const destroys = (parts: Part[], before: Culprit[]) => {
    const [after] = before;
    if (after !== undefined) for (const { what, start } of parts) report({ kind: 'destroys', after, what, start });
  };

  const command = (of: Command, before: Culprit[], shell: Shell): Flow => {
    const leaks = substitutions(of, shell);
    const name = baseName(of.name?.value ?? '');
    // `x=$(…)` has the status of what is inside.
    if (of.name === undefined) return { ...NOTHING, fails: leaks };
    if (name === 'set') {
      options(of, shell);
      return NOTHING;
    }
    if (name === 'exit' || name === 'return') return { ...NOTHING, exits: true };
    destroys(
      destructiveParts(of, source).filter((part) => !isInner(of, part)),
      [...before, ...leaks],
    );
    const body = functions.get(name);
    if (body !== undefined) {
      const flow = node(body, [...before, ...leaks], shell);
      return { ...flow, leaks: [...leaks, ...flow.leaks] };
    }
    innerScript(of, before, leaks);
    const harmless = HARMLESS.has(name) && !source.slice(of.pos, of.end).includes(':?');
    return { ...NOTHING, leaks, fails: harmless ? [] : [culprit(of, shortText(of))] };
  };

  /** `bash -c "…"` is followed on its own; its offsets are its word's. */
  const innerScript = (of: Command, before: Culprit[], leaks: Culprit[]) => {
    const run = invocation(of, SHELLS);
    for (const word of run?.args ?? []) {
      const text = textOf(word);
      if (!/\s/.test(text)) continue;
      const within = follow(text, (fault) => {
        if (fault.kind === 'destroys') report({ ...fault, start: word.pos });
      });
      within.list(parse(text).commands, [...before, ...leaks], { errexit: false, pipefail: false, asked: false });
    }
  };
  const isInner = (of: Command, part: Part): boolean => {
    const run = invocation(of, SHELLS);
    return (
      run?.args.some((word) => part.start >= word.pos && part.start < word.end && /\s/.test(textOf(word))) ?? false
    );
  };

  /** Commands inside `$(…)` of a command's words: their failure goes unnoticed. */
  const substitutions = (of: SyntaxNode, shell: Shell): Culprit[] => {
    const found: Culprit[] = [];
    const look = (child: SyntaxNode) => {
      if (child.type === 'CommandExpansion' || child.type === 'ProcessSubstitution') {
        const flow =
          child.script && child.script.source === undefined
            ? list(child.script.commands, [], { ...shell, errexit: false })
            : NOTHING;
        found.push(...flow.leaks, ...flow.fails, ...flow.ends);
      } else children(child).forEach(look);
    };
    children(of).forEach(look);
    return found;
  };

  /** Where a failing condition leads; a question that is answered with no has not failed. */
  const conditional = (of: Extract<SyntaxNode, { type: 'If' }>, before: Culprit[], shell: Shell): Flow => {
    const asked = { ...shell, asked: true };
    const only = of.clause.commands.at(-1)?.command;
    const negated = only?.type === 'Pipeline' && isNegated(only);
    const condition =
      negated && of.clause.commands.length === 1
        ? pipeline(only, before, asked)
        : list(of.clause.commands, before, asked);
    const failed = isQuestion(of.clause.commands) ? [] : condition.fails;
    const here = [...before, ...condition.leaks];
    const parts = [list(of.then.commands, negated ? [...here, ...failed] : here, { ...shell })];
    const there = negated ? here : [...here, ...failed];
    for (const elif of of.elif) {
      list(elif.clause.commands, there, asked);
      parts.push(list(elif.then.commands, there, { ...shell }));
    }
    if (of.else) parts.push(list(of.else.commands, there, { ...shell }));
    const answer = negated ? parts[0] : of.else && parts.at(-1);
    return {
      leaks: [...condition.leaks, ...parts.flatMap((part) => part.leaks), ...(answer?.exits ? [] : failed)],
      fails: parts.flatMap((part) => part.fails),
      ends: [...condition.ends, ...parts.flatMap((part) => part.ends), ...(answer?.exits ? failed : [])],
      exits: of.else !== undefined && parts.every((part) => part.exits),
    };
  };

  const loop = (body: readonly Statement[], before: Culprit[], shell: Shell): Flow => {
    const first = list(body, before, shell);
    // A round that failed is followed by the next one, also under `set -e` where that did not end the shell; one culprit
    // says as much as many.
    list(body, [...before, ...first.leaks, ...first.fails].slice(0, 1), shell);
    return { ...first, leaks: [...first.leaks, ...first.fails], exits: false };
  };

  const node = (of: SyntaxNode, before: Culprit[], shell: Shell): Flow => {
    switch (of.type) {
      case 'Command':
        return command(of, before, shell);
      case 'AndOr':
        return chain(of, before, shell);
      case 'Pipeline': {
        const flow = pipeline(of, before, isNegated(of) ? { ...shell, asked: true } : shell);
        return isNegated(of) ? { ...flow, leaks: [...flow.leaks, ...flow.fails], fails: [] } : flow;
      }
      case 'Redirected':
        return node(of.command, before, shell);
      case 'Subshell': {
        const flow = list(of.body.commands, before, { ...shell });
        return { leaks: flow.leaks, fails: [...flow.fails, ...flow.ends], ends: [], exits: false };
      }
      case 'BraceGroup':
        return list(of.body.commands, before, shell);
      case 'CompoundList':
        return list(of.commands, before, shell);
      case 'If':
        return conditional(of, before, shell);
      case 'While': {
        const condition = list(of.clause.commands, before, { ...shell, asked: true });
        const body = loop(of.body.commands, [...before, ...condition.leaks], shell);
        const answered = of.kind === 'until' || isQuestion(of.clause.commands) ? [] : condition.fails;
        return { ...body, leaks: [...condition.leaks, ...answered, ...body.leaks] };
      }
      case 'For':
      case 'Select': {
        const leaks = (of.wordlist ?? []).flatMap((word) => substitutions(word, shell));
        const body = loop(of.body.commands, [...before, ...leaks], shell);
        return { ...body, leaks: [...leaks, ...body.leaks] };
      }
      case 'ArithmeticFor':
        return loop(of.body.commands, before, shell);
      case 'Case': {
        const parts = of.items.map((item) => list(item.body.commands, before, { ...shell }));
        return {
          leaks: parts.flatMap((part) => part.leaks),
          fails: parts.flatMap((part) => part.fails),
          ends: parts.flatMap((part) => part.ends),
          exits: false,
        };
      }
      case 'Function':
        functions.set(of.name.value, of.body);
        return NOTHING;
      case 'Coproc': {
        const flow = node(of.body, before, { ...shell });
        return { ...NOTHING, leaks: [...flow.leaks, ...flow.fails, ...flow.ends] };
      }
      case 'TestCommand':
      case 'ArithmeticCommand':
        return { ...NOTHING, fails: [culprit(of, source.slice(of.pos, of.end))] };
      default:
        return NOTHING;
    }
  };
  return { list };
}
