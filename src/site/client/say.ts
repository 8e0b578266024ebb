/** Tells those who hear the page what others see. */
let region: HTMLElement | undefined;

export function say(words: string): void {
  if (region === undefined) {
    region = document.createElement('div');
    region.className = 'sr-only';
    region.setAttribute('role', 'status');
    document.body.append(region);
  }
  region.textContent = words;
}
