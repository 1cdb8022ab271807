#!/bin/sh
# Makes ClickHouse's users, each with the rights it needs and no more, as its administrator; then the tables, as the one who may.
set -eu
WARDWATCH_STORE_USER=default WARDWATCH_STORE_PASSWORD_FILE=/secrets/admin-password \
  wardwatch clickhouse users --apply --migrate-password-file /secrets/migrate-password --sink-password-file /secrets/sink-password \
  --desk-password-file /secrets/desk-password --grafana-password-file /secrets/grafana-password
WARDWATCH_STORE_USER=wardwatch_migrate WARDWATCH_STORE_PASSWORD_FILE=/secrets/migrate-password \
  exec wardwatch clickhouse migrate
