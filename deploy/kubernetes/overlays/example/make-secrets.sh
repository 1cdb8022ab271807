#!/bin/sh
# Makes the files that kustomization.yaml turns into Secrets, in secrets/ beside it: the platform's CA (sealed), the edges' certificate, keys, and a
# password for every user of Kafka and ClickHouse. What is there is left as it is. Put your clusters' kafka-ca.crt and clickhouse-ca.crt there first.
# WARDWATCH_SITE is the site's name in the CA's certificate: the same as in the settings.
#   WARDWATCH_SITE=hospital MQTT_NAMES=broker.hospital.example ./make-secrets.sh
set -eu
umask 077
cd "$(dirname "$0")"
wardwatch=${WARDWATCH:-npx wardwatch}
names=${MQTT_NAMES:?the names that devices connect to, separated by commas}
export WARDWATCH_SITE="${WARDWATCH_SITE:-hospital}"
for file in kafka-ca.crt clickhouse-ca.crt; do
  [ -s "secrets/$file" ] || { echo "secrets/$file is missing: the PEM of the CA of that cluster's certificates" >&2; exit 2; }
done

missing() { [ ! -s "secrets/$1" ]; }
if missing identity.sealed || missing master.key || missing log.key || missing server.key; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  missing master.key || cp secrets/master.key "$work/master.key"
  missing identity.sealed || cp secrets/identity.sealed "$work/identity.sealed"
  $wardwatch certificate --data "$work" --names "$names" --out "$work/issued" >/dev/null
  $wardwatch kafka key --data "$work" >"$work/log.key"
  cp "$work/issued/server.crt" "$work/issued/server.key" "$work/issued/ca.crt" "$work/log.key" "$work/master.key" "$work/identity.sealed" secrets/
fi
for password in topics-kafka edge-kafka detect-kafka sink-kafka desk-kafka migrate-clickhouse sink-clickhouse desk-clickhouse grafana-clickhouse; do
  if missing "$password-password"; then openssl rand -hex 24 >"secrets/$password-password"; fi
done
echo "secrets/ holds all that the overlay needs"
