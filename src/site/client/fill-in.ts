/** The bar of values: what is typed there appears in every block, output and warning of the page. */
import { labelOf } from '../words.ts';
import type { Values } from './values.ts';

export function fillIn(form: HTMLFormElement, values: Values): void {
  const places = [...document.querySelectorAll<HTMLElement>('[data-var]')];
  for (const place of places) place.dataset.raw = place.textContent ?? '';
  const show = () => {
    for (const place of places) showIn(place, values);
    for (const { name, help } of values.parameters) showProblem(form, name, help, values);
    showUnconfirmed(form, values, show);
  };
  for (const { name } of values.parameters) {
    const field = fieldOf(form, name);
    if (field === null) continue;
    field.value = values.get(name)?.text ?? '';
    field.addEventListener('input', () => {
      values.type(name, field.value);
      show();
    });
  }
  form.addEventListener('submit', (event) => event.preventDefault());
  show();
}

export function fieldOf(form: HTMLFormElement, name: string): HTMLInputElement | null {
  return form.querySelector<HTMLInputElement>(`input[name="${name}"]`);
}

function showIn(place: HTMLElement, values: Values): void {
  const value = values.get(place.dataset.var ?? '');
  const filled = value !== undefined && value.text !== '' && value.problem === undefined;
  place.textContent = filled ? value.text : (place.dataset.raw ?? '');
  place.classList.toggle('db-filled', filled);
  place.classList.toggle('db-unconfirmed', filled && value.source === 'link');
}

function showProblem(form: HTMLFormElement, name: string, help: string, values: Values): void {
  const problem = values.get(name)?.problem;
  const words = form.querySelector<HTMLElement>(`#db-${name}-help`);
  const field = fieldOf(form, name);
  field?.setAttribute('aria-invalid', String(problem !== undefined));
  field?.classList.toggle('db-unconfirmed', values.get(name)?.source === 'link');
  if (words === null) return;
  words.textContent = problem === undefined ? help : `Not used: ${problem}.`;
  words.classList.toggle('db-problem', problem !== undefined);
}

function showUnconfirmed(form: HTMLFormElement, values: Values, show: () => void): void {
  const note = form.querySelector<HTMLElement>('.db-unconfirmed-note');
  const names = values.unconfirmed();
  if (note === null || note.dataset.names === names.join(' ')) return;
  note.dataset.names = names.join(' ');
  if (names.length === 0) {
    note.replaceChildren();
    return;
  }
  const words = document.createElement('span');
  const which = names.map(labelOf).join(' and ');
  words.textContent = `Not yet confirmed: ${which} came with the link you followed. Compare with what you mean to restore.`;
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = names.length === 1 ? 'Use this value' : 'Use these values';
  button.addEventListener('click', () => {
    values.confirm();
    show();
    fieldOf(form, names[0] ?? '')?.focus();
  });
  note.replaceChildren(words, button);
}
