/** The copy buttons. What they copy is the published block with the reader's values, byte for byte what is shown. */
import type { Part } from '../variables.ts';
import { fieldOf } from './fill-in.ts';
import { say } from './say.ts';
import type { Values } from './values.ts';

/** How long a button says "Copied", in milliseconds. */
const SAID_MS = 2000;

export function offerCopies(values: Values, form: HTMLFormElement | null): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>('button.db-copy')) {
    button.hidden = false;
    // Written by code/blocks.ts when the site was built.
    const parts = JSON.parse(button.dataset.parts ?? '[]') as Part[];
    button.addEventListener('click', () => void copy(button, parts, values, form));
  }
}

async function copy(
  button: HTMLButtonElement,
  parts: Part[],
  values: Values,
  form: HTMLFormElement | null,
): Promise<void> {
  const missing = values.missing(parts.flatMap(({ name }) => (name === undefined ? [] : [name])));
  if (missing !== undefined && form !== null) {
    form.scrollIntoView({ block: 'nearest' });
    const confirm = form.querySelector<HTMLButtonElement>('.db-unconfirmed-note button');
    const field = fieldOf(form, missing.name);
    (values.get(missing.name)?.source === 'link' && confirm ? confirm : field)?.focus();
    ask(form, missing.name, missing.reason);
    return;
  }
  const text = parts.map((part) => (part.name && values.get(part.name)?.text) || part.text).join('');
  if (await write(text)) {
    button.textContent = 'Copied';
    say('Copied');
    setTimeout(() => {
      button.textContent = 'Copy';
    }, SAID_MS);
  } else say('The browser did not allow copying. Select the text instead.');
}

/** Says beside the field what is needed of it. */
function ask(form: HTMLFormElement, name: string, reason: string): void {
  const words = form.querySelector<HTMLElement>(`#db-${name}-help`);
  if (words !== null) {
    words.textContent = reason;
    words.classList.add('db-problem');
  }
  say(reason);
}

/** The clipboard is not there on pages that came over plain HTTP from another machine. */
async function write(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement('textarea');
    area.value = text;
    area.className = 'sr-only';
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
}
