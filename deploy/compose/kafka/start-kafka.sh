#!/bin/bash
# Formats the node's storage on the first start, with the users of SCRAM in it, and starts the node.
set -euo pipefail
umask 077
configuration=/tmp/server.properties
cat /deploy/server.properties /secrets/secret.properties >"$configuration"
if [ ! -e /var/lib/kafka/data/meta.properties ]; then
  # The passwords go in as a file (@): arguments of a process are for all to see.
  /opt/kafka/bin/kafka-storage.sh format -t "$(cat /secrets/cluster-id)" -c "$configuration" @/secrets/scram.args
fi
exec /opt/kafka/bin/kafka-server-start.sh "$configuration"
