#!/bin/sh
# What the backup container runs: furnishes the toolbox for those who come in by `docker exec`, then becomes the agent.
set -eu
node /app/deploy/backup/furnish.ts
exec node /app/src/cli/drillbook.ts agent "$@"
