/** Pages for the tests: a runbook that uses everything the site shows. */
import { SCENARIOS } from '../../src/runbook/model.ts';

const excluded = SCENARIOS.filter((name) => !['intact', 'busy', 'damaged-backup'].includes(name))
  .map((name) => `    ${name}: not part of this test`)
  .join('\n');

export const SWAP = `---
title: Swap a database
description: Restores beside production, then swaps.
runbook:
  rto: 30m
  parameters:
    BACKUP: { kind: backup, help: The backup to restore }
    DATABASE: { kind: database, default: freshtrack, help: The database to replace }
  scenarios:
    intact: done
    busy: done
    damaged-backup: stops at download
  excludes:
${excluded}
  leaves: ["\${DATABASE}_old"]
---

Production becomes \`\${DATABASE}_old\`.

:::danger[It replaces the production database]
Think first.
:::

## Say what to restore

\`\`\`bash parameters
export BACKUP="$BACKUP" DATABASE="$DATABASE" &&
echo "Restoring $BACKUP from \${BUCKET:?is not set}"
\`\`\`

## Download the backup

\`\`\`bash step=download
mc --quiet cp "store/$BUCKET/$BACKUP" . &&
mc --quiet cp "store/$BUCKET/$BACKUP.sha256" . &&

	sha256sum --check "$BACKUP.sha256"
\`\`\`

\`\`\`text output=download
…
$BACKUP: OK
\`\`\`

:::caution[It says FAILED]
The file is damaged. Take the [start](../../docs/index.md) first.
:::

## Stop the application

\`\`\`bash step=stop where=host lab=local
drillbook lab stop backend
\`\`\`

\`\`\`bash step=stop where=host lab=compose
docker compose stop backend
\`\`\`

## Swap the databases

\`\`\`bash step=swap
psql -X -v ON_ERROR_STOP=1 --dbname=postgres <<SQL
ALTER DATABASE "$DATABASE" RENAME TO "\${DATABASE}_old";
ALTER DATABASE "\${DATABASE}_restored" RENAME TO "$DATABASE";
SQL
\`\`\`

\`\`\`text output=swap
ALTER DATABASE
ALTER DATABASE
\`\`\`

## Afterwards

Write down what happened.
`;

export const DATABASE = `---
title: The database
description: How it is restored.
---

## Swap

\`\`\`bash quotes=swap/swap
psql -X -v ON_ERROR_STOP=1 --dbname=postgres <<SQL
ALTER DATABASE "$DATABASE" RENAME TO "\${DATABASE}_old";
ALTER DATABASE "\${DATABASE}_restored" RENAME TO "$DATABASE";
SQL
\`\`\`

The [whole page](../runbooks/swap/index.mdx#swap-the-databases), and a [script](../scripts/swap.ts).
`;
