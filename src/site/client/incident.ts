/** The incident beside a runbook: the clock, the ticks, and the record. All of it stays in this tab. */
import { clock, duration } from '../words.ts';
import { recordOf } from './record.ts';

export type About = { runbook: string; title: string; rto?: number; steps: { number: number; heading: string }[] };
/** Times are ISO 8601, UTC. */
export type Incident = {
  startedAt?: string;
  stoppedAt?: string;
  ticked: Record<string, string>;
  done: Record<string, string>;
};

const root = document.querySelector<HTMLElement>('.db-incident');
if (root) follow(root);

function follow(root: HTMLElement): void {
  // Written by Rail.astro when the site was built.
  const about = JSON.parse(root.dataset.page ?? '{}') as About;
  const key = `drillbook:incident:${about.runbook}`;
  const incident = read(key);
  const changed = () => {
    try {
      sessionStorage.setItem(key, JSON.stringify(incident));
    } catch {
      // it is then lost with the page
    }
  };
  followClock(root, about, incident, changed);
  followList(root, incident, changed);
  followSteps(incident, changed);
  root.querySelector('[data-export]')?.addEventListener('click', () => save(about, incident));
}

function followClock(root: HTMLElement, about: About, incident: Incident, changed: () => void): void {
  const button = root.querySelector<HTMLButtonElement>('[data-clock]');
  const face = root.querySelector('[role=timer]');
  const words = root.querySelector('.db-over-words');
  if (!button || !face || !words) return;
  const show = () => {
    const end = incident.stoppedAt === undefined ? Date.now() : Date.parse(incident.stoppedAt);
    const seconds = incident.startedAt === undefined ? 0 : (end - Date.parse(incident.startedAt)) / 1000;
    const over = about.rto !== undefined && seconds > about.rto;
    face.textContent = clock(seconds);
    const said = over ? `Over the objective of ${duration(about.rto ?? 0)}` : '';
    if (words.textContent !== said) words.textContent = said;
    const running = incident.startedAt !== undefined && incident.stoppedAt === undefined;
    button.textContent = running
      ? 'Stop the clock'
      : incident.startedAt === undefined
        ? 'Start the clock'
        : 'Start again';
  };
  button.addEventListener('click', () => {
    const running = incident.startedAt !== undefined && incident.stoppedAt === undefined;
    const now = new Date().toISOString();
    if (running) incident.stoppedAt = now;
    else {
      incident.startedAt = now;
      delete incident.stoppedAt;
    }
    changed();
    show();
  });
  setInterval(show, 1000);
  show();
}

function followList(root: HTMLElement, incident: Incident, changed: () => void): void {
  for (const box of root.querySelectorAll<HTMLInputElement>('.db-checklist input')) {
    const item = box.parentElement?.textContent?.trim() ?? '';
    box.checked = incident.ticked[item] !== undefined;
    box.addEventListener('change', () => {
      if (box.checked) incident.ticked[item] = new Date().toISOString();
      else delete incident.ticked[item];
      changed();
    });
  }
}

/** The number of a step becomes a button that says "done". */
function followSteps(incident: Incident, changed: () => void): void {
  for (const step of document.querySelectorAll<HTMLElement>('.db-step')) {
    const number = step.dataset.step ?? '';
    const badge = step.querySelector<HTMLElement>('.db-number');
    if (!badge) continue;
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'db-number';
    button.setAttribute('aria-label', `Step ${number} is done`);
    button.title = 'Mark as done';
    const show = () => {
      const done = incident.done[number] !== undefined;
      button.textContent = done ? '✓' : number;
      button.setAttribute('aria-pressed', String(done));
      step.classList.toggle('db-done', done);
    };
    button.addEventListener('click', () => {
      if (incident.done[number] === undefined) incident.done[number] = new Date().toISOString();
      else delete incident.done[number];
      changed();
      show();
    });
    badge.replaceWith(button);
    show();
  }
}

function read(key: string): Incident {
  const fresh: Incident = { ticked: {}, done: {} };
  try {
    // Only this file writes it.
    return { ...fresh, ...(JSON.parse(sessionStorage.getItem(key) ?? '{}') as Partial<Incident>) };
  } catch {
    return fresh;
  }
}

function save(about: About, incident: Incident): void {
  const items = [...document.querySelectorAll('.db-checklist label')].map((label) => label.textContent?.trim() ?? '');
  const values = [...document.querySelectorAll<HTMLInputElement>('.db-params input')].map(({ name, value }) => ({
    name,
    value,
  }));
  const text = recordOf({
    about,
    incident,
    items,
    values,
    address: location.href.split('?')[0] ?? '',
    now: new Date(),
  });
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/markdown' }));
  link.download = `incident-${new Date().toISOString().slice(0, 16).replace(/[T:]/g, '-')}-${about.runbook}.md`;
  link.click();
  URL.revokeObjectURL(link.href);
}
