/** Draws the import direction (.dependency-cruiser.mjs) as docs/images/import-direction.svg; `--check` only compares. */
import { readFileSync, writeFileSync } from 'node:fs';
import { ROOMS } from '../.dependency-cruiser.mjs';

const FILE = new URL('../docs/images/import-direction.svg', import.meta.url);
/** Where each room stands: column and row, from what imports most (top) to what imports nothing. */
const PLACES: Record<string, [column: number, row: number]> = {
  'cli · scripts': [1, 0],
  report: [1, 1],
  site: [3, 2],
  rehearsal: [1, 2],
  agent: [0, 2],
  restore: [0, 3],
  lab: [2, 3],
  backup: [0, 4],
  postgres: [0, 5],
  store: [1, 5],
  runbook: [3, 5],
  process: [0, 6],
  foundation: [1, 7],
};
/** The small files that everything stands on are drawn as one box, and the entry points as one. */
const FOUNDATION = ['settings', 'failure', 'progress'];
const BOX = { width: 130, height: 40, across: 190, down: 80 };

const picture = draw();
if (process.argv.includes('--check')) {
  if (readFileSync(FILE, 'utf8') !== picture) {
    console.error('docs/images/import-direction.svg is out of date: run `npm run generate`.');
    process.exitCode = 1;
  }
} else {
  writeFileSync(FILE, picture);
}

function draw(): string {
  const rooms = drawnRooms();
  const missing = Object.keys(rooms).filter((room) => PLACES[room] === undefined);
  if (missing.length > 0) throw new Error(`These rooms have no place in the picture: ${missing.join(', ')}`);
  const arrows = Object.keys(rooms).flatMap((room) =>
    direct(room, rooms).map((target) => arrow(place(room), place(target))),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${4 * BOX.across} ${8 * BOX.down}" role="img" aria-label="Import direction" font-family="ui-sans-serif,system-ui,sans-serif" font-size="15">
<style>rect{fill:#e6f3ee;stroke:#0b6b53}text{fill:#171c1a;text-anchor:middle}path{stroke:#0b6b53;fill:none}marker path{fill:#0b6b53}@media(prefers-color-scheme:dark){rect{fill:#14302a;stroke:#57c7a3}text{fill:#e6ece9}path{stroke:#57c7a3}marker path{fill:#57c7a3}}</style>
<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z"/></marker></defs>
${[...arrows, ...Object.keys(PLACES).map((room) => box(room, place(room)))].join('\n')}
</svg>
`;
}

/** The rooms as drawn, each with what it may import. */
function drawnRooms(): Record<string, string[]> {
  const merged = (names: string[]) => [
    ...new Set(names.map((name) => (FOUNDATION.includes(name) ? 'foundation' : name))),
  ];
  const rooms = Object.fromEntries(Object.entries(ROOMS).map(([room, allowed]) => [room, merged(allowed)]));
  return { ...rooms, 'cli · scripts': Object.keys(rooms).filter((room) => room !== 'site') };
}

/** What a room imports that none of its other imports brings along: fewer arrows say the same. */
function direct(room: string, rooms: Record<string, string[]>): string[] {
  const allowed = rooms[room] ?? [];
  const reach = (from: string): string[] => (rooms[from] ?? []).flatMap((next) => [next, ...reach(next)]);
  return allowed.filter((target) => !allowed.some((other) => other !== target && reach(other).includes(target)));
}

function place(room: string): { x: number; y: number } {
  const [column, row] = PLACES[room] ?? [0, 0];
  return { x: (column + 0.5) * BOX.across, y: (row + 0.5) * BOX.down };
}

function box(room: string, { x, y }: { x: number; y: number }): string {
  return `<rect x="${x - BOX.width / 2}" y="${y - BOX.height / 2}" width="${BOX.width}" height="${BOX.height}" rx="8"/><text x="${x}" y="${y + 5}">${room}</text>`;
}

function arrow(from: { x: number; y: number }, to: { x: number; y: number }): string {
  return `<path d="M${from.x} ${from.y + BOX.height / 2}L${to.x} ${to.y - BOX.height / 2}" marker-end="url(#tip)"/>`;
}
