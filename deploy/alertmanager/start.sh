#!/bin/sh
# Starts Alertmanager with the receiver that the environment names. What follows the script's name is handed on to it.
set -eu

here=$(dirname "$0")
config=${ALERTMANAGER_CONFIG:-$here/alertmanager.yml}
written=${ALERTMANAGER_WRITTEN:-/tmp/alertmanager.yml}

url=${ALERT_WEBHOOK_URL:-}
if [ -z "$url" ] && [ -n "${ALERT_WEBHOOK_URL_FILE:-}" ]; then
  url=$(cat "$ALERT_WEBHOOK_URL_FILE")
fi
receiver=webhook
if [ -z "$url" ]; then
  receiver=nobody
  url=http://127.0.0.1:9/ # never asked: nobody is routed there
fi
case $url in
http://?* | https://?*) ;;
*) echo "error: ALERT_WEBHOOK_URL must begin with http:// or https://" >&2 && exit 2 ;;
esac
case $url in
*[!A-Za-z0-9._~:/?#@!\$\&\(\)*+,\;=%-]*)
  echo "error: ALERT_WEBHOOK_URL holds a character that no URL has; write it as %xx" >&2 && exit 2 ;;
esac

umask 077
escaped=$(printf %s "$url" | sed 's/[&\\|]/\\&/g')
sed -e "s|\${RECEIVER}|$receiver|" -e "s|url: \${ALERT_WEBHOOK_URL}|url: '$escaped'|" "$config" >"$written"

program=$(command -v alertmanager || command -v prometheus-alertmanager) || {
  echo "error: Alertmanager was not found" >&2
  exit 3
}
exec "$program" --config.file="$written" "$@"
