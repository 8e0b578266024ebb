#!/bin/bash
# Before the image's own entry point: a data folder of another major version is refused with a sentence that says what to do.
set -eu
wanted=$(postgres --version 2>/dev/null | sed -E 's/^[^0-9]*([0-9]+).*/\1/')
if [ -s "$PGDATA/PG_VERSION" ]; then
  found=$(cat "$PGDATA/PG_VERSION")
  if [ "$found" != "$wanted" ]; then
    echo "error: the volume holds the data of PostgreSQL $found, but this image is PostgreSQL $wanted. [postgres-major-differs]" >&2
    echo "  Start it with POSTGRES_IMAGE=postgres:$found and take a backup; then restore that into a new volume." >&2
    exit 1
  fi
fi
exec docker-entrypoint.sh "$@"
