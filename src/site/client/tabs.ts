/** Variants of a step side by side become tabs; the choice holds for the whole page and the next one. */

const KEY = 'drillbook:lab';

export function makeTabs(): void {
  const groups = [...document.querySelectorAll<HTMLElement>('.db-tabs')].map(makeGroup);
  const choose = (lab: string) => {
    for (const group of groups) group(lab);
    try {
      sessionStorage.setItem(KEY, lab);
    } catch {
      // the choice then holds for this page
    }
  };
  for (const button of document.querySelectorAll<HTMLButtonElement>('.db-tablist [role=tab]'))
    button.addEventListener('click', () => choose(button.dataset.lab ?? ''));
  const kept = (() => {
    try {
      return sessionStorage.getItem(KEY);
    } catch {
      return null;
    }
  })();
  for (const group of groups) group(kept ?? 'compose');
}

let count = 0;

/** Returns the function that shows one panel of the group. */
function makeGroup(group: HTMLElement): (lab: string) => void {
  const panels = [...group.querySelectorAll<HTMLElement>(':scope > .db-panel')];
  const list = document.createElement('div');
  list.className = 'db-tablist';
  list.setAttribute('role', 'tablist');
  list.setAttribute('aria-label', 'How the application is run');
  const tabs = panels.map((panel) => {
    const label = panel.querySelector<HTMLElement>(':scope > .db-panel-label');
    const tab = document.createElement('button');
    count += 1;
    panel.id = `db-panel-${count}`;
    tab.id = `db-tab-${count}`;
    tab.type = 'button';
    tab.dataset.lab = panel.dataset.lab ?? '';
    tab.textContent = label?.textContent ?? '';
    tab.setAttribute('role', 'tab');
    tab.setAttribute('aria-controls', panel.id);
    panel.setAttribute('role', 'tabpanel');
    panel.setAttribute('aria-labelledby', tab.id);
    label?.remove();
    list.append(tab);
    return tab;
  });
  list.addEventListener('keydown', (event) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    // Keys are pressed on one of the tabs.
    const at = tabs.indexOf(document.activeElement as HTMLButtonElement);
    const next = tabs[(at + step + tabs.length) % tabs.length];
    next?.focus();
    next?.click();
  });
  group.prepend(list);
  return (lab) => {
    const known = panels.some((panel) => panel.dataset.lab === lab) ? lab : panels[0]?.dataset.lab;
    panels.forEach((panel, i) => {
      const chosen = panel.dataset.lab === known;
      panel.hidden = !chosen;
      tabs[i]?.setAttribute('aria-selected', String(chosen));
      tabs[i]?.setAttribute('tabindex', chosen ? '0' : '-1');
    });
  };
}
