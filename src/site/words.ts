/** Dates and durations as a person reads them. Runs in the browser, too. */

/** `20 November 2026`, in UTC. */
export function date(iso: string | Date): string {
  return new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' }).format(new Date(iso));
}

/** `4 min 12 s`, `12 s`, `under a second`. @param seconds measured */
export function duration(seconds: number): string {
  if (seconds < 1) return 'under a second';
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  return [hours && `${hours} h`, minutes && `${minutes} min`, rest && `${rest} s`].filter(Boolean).join(' ');
}

/** `about 12 s`; what is under a second needs no `about`. */
export function about(seconds: number, word = 'about '): string {
  return seconds < 1 ? duration(seconds) : `${word}${duration(seconds)}`;
}

/** `06:41`, and `1:06:41` from an hour on. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const parts = [Math.floor((whole % 3600) / 60), whole % 60].map((part) => String(part).padStart(2, '0'));
  return whole >= 3600 ? `${Math.floor(whole / 3600)}:${parts.join(':')}` : parts.join(':');
}

/** `BACKUP_FILE` → `Backup file`. */
export function labelOf(name: string): string {
  return name.charAt(0) + name.slice(1).toLowerCase().replaceAll('_', ' ');
}

/** `three days ago` for a browser; whole days. */
export function daysAgo(days: number): string {
  const whole = Math.max(0, Math.floor(days));
  return whole === 0 ? 'today' : whole === 1 ? 'yesterday' : `${whole} days ago`;
}
