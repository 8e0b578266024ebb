#!/bin/bash
# The settings of the official postgres image that this project uses: POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB, POSTGRES_INITDB_ARGS
# (each also as <NAME>_FILE), PGDATA, and /docker-entrypoint-initdb.d.
set -euo pipefail

setting() { # setting <NAME> [default]: from the environment, else from the file that <NAME>_FILE names
  local file="${1}_FILE"
  if [ -n "${!1:-}" ] && [ -n "${!file:-}" ]; then
    echo "error: both $1 and $file are set (but are exclusive)" >&2
    exit 1
  fi
  if [ -n "${!file:-}" ]; then cat "${!file}"; else printf '%s' "${!1:-${2:-}}"; fi
}

[ "${1:-postgres}" != postgres ] && [ "${1#-}" = "$1" ] && exec "$@"
[ "${1#-}" != "$1" ] && set -- postgres "$@"

if [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA" && chown postgres:postgres "$PGDATA" && chmod 0700 "$PGDATA"
  exec setpriv --reuid=postgres --regid=postgres --init-groups -- "$BASH_SOURCE" "$@"
fi

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  user=$(setting POSTGRES_USER postgres)
  password=$(setting POSTGRES_PASSWORD)
  database=$(setting POSTGRES_DB "$user")
  if [ -z "$password" ]; then
    echo 'error: the database is new and no password is given; set POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE.' >&2
    exit 1
  fi
  chmod 0700 "$PGDATA" || :
  eval "initdb --username=\"\$user\" --pwfile=<(printf '%s\n' \"\$password\") $(setting POSTGRES_INITDB_ARGS) --pgdata=\"\$PGDATA\""
  printf '\nhost all all all scram-sha-256\n' >>"$PGDATA/pg_hba.conf"
  PGUSER=$user PGPASSWORD=$password pg_ctl --pgdata="$PGDATA" --options="-c listen_addresses='' -p 5432" --wait start
  export PGPASSWORD=$password
  if [ "$database" != postgres ]; then
    psql -X -v ON_ERROR_STOP=1 --username="$user" --no-password --dbname=postgres --set=name="$database" <<<'CREATE DATABASE :"name";'
  fi
  for script in /docker-entrypoint-initdb.d/*; do
    case $script in
      *.sh) . "$script" ;;
      *.sql) psql -X -v ON_ERROR_STOP=1 --username="$user" --no-password --dbname="$database" --file="$script" ;;
      *.sql.gz) gunzip -c "$script" | psql -X -v ON_ERROR_STOP=1 --username="$user" --no-password --dbname="$database" ;;
    esac
  done
  unset PGPASSWORD
  pg_ctl --pgdata="$PGDATA" --mode=fast --wait stop
  echo 'PostgreSQL init process complete; ready for start up.'
fi
exec "$@"
