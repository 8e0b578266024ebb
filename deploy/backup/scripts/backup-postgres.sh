#!/bin/sh
# Takes a backup now, beside those of the schedule.
exec node /app/scripts/backup-postgres.ts "$@"
