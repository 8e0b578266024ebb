/**
 * The import direction, as docs/architecture.md draws it: each room may import the rooms named beside it, itself, and
 * the foundation. Anything else is an error.
 */
const FOUNDATION = ['settings', 'failure', 'progress'];

/** room → rooms it may import */
export const ROOMS = {
  process: FOUNDATION,
  runbook: [],
  postgres: [...FOUNDATION, 'process'],
  store: FOUNDATION,
  backup: [...FOUNDATION, 'process', 'postgres', 'store'],
  restore: [...FOUNDATION, 'process', 'postgres', 'store', 'backup'],
  agent: [...FOUNDATION, 'process', 'postgres', 'store', 'backup', 'restore'],
  lab: [...FOUNDATION, 'process', 'postgres', 'store', 'runbook'],
  rehearsal: [...FOUNDATION, 'process', 'postgres', 'store', 'backup', 'restore', 'runbook', 'lab'],
  report: ['rehearsal', 'runbook'],
  site: [...FOUNDATION, 'process', 'runbook'],
};

const forbidden = Object.entries(ROOMS).map(([room, allowed]) => ({
  name: `${room}-imports-only`,
  comment: `src/${room} may import ${allowed.join(', ') || 'nothing of the other rooms'}`,
  severity: 'error',
  from: { path: `^src/${room}(/|\\.ts$)` },
  to: { path: '^src/', pathNot: `^src/(${[room, ...allowed].join('|')})(/|\\.ts$)` },
}));

export default {
  forbidden: [
    ...forbidden,
    {
      name: 'runbook-is-pure',
      comment: 'src/runbook does no input or output: it runs in the browser too',
      severity: 'error',
      from: { path: '^src/runbook/' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?crypto$' },
    },
    {
      name: 'report-imports-types-only',
      severity: 'error',
      from: { path: '^src/report/' },
      to: { path: '^src/(rehearsal|runbook)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'nobody-imports-the-site',
      severity: 'error',
      from: { path: '^src/(?!site|content\\.config)' },
      to: { path: '^src/site/', pathNot: '^src/site/(serve|build)\\.ts$' },
    },
    { name: 'nobody-imports-the-cli', severity: 'error', from: { path: '^src/(?!cli)' }, to: { path: '^src/cli/' } },
    {
      name: 'no-circles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'every-import-resolves',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^(astro:|virtual:)' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
