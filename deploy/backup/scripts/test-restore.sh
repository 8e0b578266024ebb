#!/bin/sh
# The restore test: /scripts/test-restore.sh [backup_file]. Without a name the newest backup is tested.
exec node /app/scripts/test-restore.ts "$@"
