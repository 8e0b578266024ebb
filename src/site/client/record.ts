/** The record of an incident, as Markdown. Pure. */
import { duration, labelOf } from '../words.ts';
import type { About, Incident } from './incident.ts';

export function recordOf(given: {
  about: About;
  incident: Incident;
  items: string[];
  values: { name: string; value: string }[];
  address: string;
  now: Date;
}): string {
  const { about, incident, items, values } = given;
  const end = incident.stoppedAt ?? given.now.toISOString();
  const seconds =
    incident.startedAt === undefined ? undefined : (Date.parse(end) - Date.parse(incident.startedAt)) / 1000;
  const lines = [
    `# Incident record: ${about.title}`,
    '',
    `- Runbook: ${given.address}`,
    ...values.map(({ name, value }) => `- ${labelOf(name)}: ${value === '' ? 'not filled in' : `\`${value}\``}`),
    `- Started: ${incident.startedAt === undefined ? 'not recorded' : minute(incident.startedAt)}`,
    `- Ended: ${incident.stoppedAt === undefined ? 'still open' : minute(incident.stoppedAt)}`,
  ];
  if (seconds !== undefined) lines.push(`- Time: ${duration(seconds)}${objective(seconds, about.rto)}`);
  lines.push('', '## Steps', '');
  for (const { number, heading } of about.steps)
    lines.push(entry(`${number}. ${heading}`, incident.done[String(number)]));
  if (items.length > 0) lines.push('', '## Checklist', '', ...items.map((item) => entry(item, incident.ticked[item])));
  lines.push('', '## What happened', '', '', '## What to change', '', '');
  return lines.join('\n');
}

const minute = (iso: string) => `${iso.slice(0, 16).replace('T', ' ')} UTC`;
const entry = (words: string, at: string | undefined) =>
  `- [${at === undefined ? ' ' : 'x'}] ${words}${at === undefined ? '' : ` (${minute(at)})`}`;

function objective(seconds: number, rto: number | undefined): string {
  if (rto === undefined) return '';
  return `, ${seconds > rto ? 'over' : 'within'} the objective of ${duration(rto)}`;
}
