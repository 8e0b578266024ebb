/** How old a rehearsal is, is said when the page is read: it may have been built long ago. */
import { FRESHNESS_LIMITS, freshness } from '../../runbook/freshness.ts';
import { daysAgo } from '../words.ts';

const DAY_MS = 86_400_000;
const SHAPES = { fresh: '✓ ', ageing: '◐ ', expired: '△ ', 'not rehearsed': '○ ' } as const;

class Age extends HTMLElement {
  connectedCallback(): void {
    const recordedAt = this.dataset.recorded ?? '';
    const now = new Date();
    const state = freshness({ recordedAt, hash: '' }, now);
    const ago = daysAgo((now.getTime() - Date.parse(recordedAt)) / DAY_MS);
    const words = {
      fresh: `Fresh: ${ago}`,
      ageing: `Ageing: ${ago}. Rehearse it again soon.`,
      expired: `Expired: ${ago}, more than ${FRESHNESS_LIMITS.ageing} days. Rehearse it before you rely on it.`,
      'not rehearsed': 'Not rehearsed',
    }[state];
    this.dataset.state = state;
    const shape = this.querySelector('.db-shape');
    const line = this.querySelector('.db-age-words');
    if (shape) shape.textContent = SHAPES[state];
    if (line) line.textContent = words;
  }
}
customElements.define('db-age', Age);
