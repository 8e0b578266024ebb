#!/usr/bin/env bash
# The restore test as it is usually written, one thing after the other: what a drill is measured against. It proves
# hardly anything: an archive that lost most of its rows and every index passes it.
# usage: naive-restore-test.sh <backup>, in a reader's environment (BUCKET, KEY_TABLES, PG*, the mc alias "store")
set -euo pipefail

backup=$1
file=$TMPDIR/naive-$backup
database=naive_restore_test

cleanup() {
  dropdb --if-exists "$database"
  rm -f "$file"
}
trap cleanup EXIT

mc --quiet cp "store/$BUCKET/$backup" "$file"
createdb --template=template0 "$database"
pg_restore --dbname="$database" --no-owner --no-acl "$file"

count() { psql -X -At -v ON_ERROR_STOP=1 -d "$database" -c "SELECT count(*) FROM $1"; }
echo "tables: $(count "information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'")"
for table in ${KEY_TABLES//,/ }; do
  echo "$table: $(count "$table")"
done
