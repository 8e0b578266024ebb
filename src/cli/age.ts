/** Ages and times for people. */

const UNITS: [name: string, seconds: number][] = [
  ['day', 86_400],
  ['h', 3_600],
  ['min', 60],
];

/** Milliseconds → `3 days`, `25 h`, `4 min`, `under 1 min`: days from two on, so that 25 hours stay visible. */
export function age(milliseconds: number): string {
  const total = Math.max(0, milliseconds / 1000);
  for (const [name, size] of UNITS) {
    const count = Math.floor(total / size);
    if (name === 'day' ? count >= 2 : count >= 1) return `${count} ${name === 'day' ? 'days' : name}`;
  }
  return 'under 1 min';
}

/** `Mon 23 Nov 2026, 03:00 CET` in the time zone of this machine (TZ). */
export function localTime(time: Date): string {
  const parts = formatOf(process.env.TZ).formatToParts(time);
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.find((entry) => entry.type === type)?.value ?? '';
  const day = `${part('weekday')} ${part('day')} ${part('month')} ${part('year')}`;
  return `${day}, ${part('hour')}:${part('minute')} ${part('timeZoneName')}`;
}

let made: { zone: string | undefined; format: Intl.DateTimeFormat } | undefined;

/** Made once: it costs more than a thousand times its use. */
function formatOf(zone: string | undefined): Intl.DateTimeFormat {
  if (made === undefined || made.zone !== zone) {
    const format = new Intl.DateTimeFormat('en-GB', {
      weekday: 'short',
      day: 'numeric',
      month: 'short',
      year: 'numeric',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
      timeZoneName: 'short',
    });
    made = { zone, format };
  }
  return made.format;
}
