#!/usr/bin/env bash
# The backup that a backup is measured against: pg_dump into a local file, and nothing else.
# usage: naive-dump.sh, in a reader's environment (POSTGRES_DB, PG*)
set -euo pipefail

file=$TMPDIR/naive-dump.archive
trap 'rm -f "$file"' EXIT
pg_dump --format=custom --file="$file" "$POSTGRES_DB"
