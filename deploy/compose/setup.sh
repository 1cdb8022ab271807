#!/bin/sh
# Makes what the parts of docker-compose.yml need to trust each other: the platform's CA, a certificate a part, keys, passwords. Each goes into the
# volume of who needs it. What is there is left as it is; `setup.sh renew` issues the certificates anew (they are good for 397 days).
set -eu
umask 077
renew=${1:-}

word() { node -p 'require("node:crypto").randomBytes(24).toString("hex")'; }
missing() { [ ! -e "$1" ]; }
# A file is whole or not there: setup may be killed.
put() { cat >"$1.new" && mv "$1.new" "$1"; }
password() { if missing "$1"; then word | put "$1"; fi; }
copy() { if missing "$2" || ! cmp -s "$1" "$2"; then put "$2" <"$1"; fi; }

# certificate VOLUME NAMES: server.crt, server.key and ca.crt. Before the first start the CA is made with the first of them.
certificate() {
  if missing "/secrets/$1/server.key" || [ "$renew" = renew ]; then
    wardwatch certificate --names "$2" --out /tmp/issued >/dev/null
    for file in server.crt server.key ca.crt; do put "/secrets/$1/$file" <"/tmp/issued/$file"; done
    rm -r /tmp/issued
    echo "a certificate for $2"
  fi
}

certificate edge "localhost,127.0.0.1,edge-a,edge-b,haproxy${BROKER_NAMES:+,$BROKER_NAMES}"
certificate detect localhost,127.0.0.1,detect-a,detect-b
certificate sink localhost,127.0.0.1,sink
certificate desk localhost,127.0.0.1,desk
certificate kafka localhost,127.0.0.1,kafka
certificate clickhouse localhost,127.0.0.1,clickhouse
certificate prometheus localhost,127.0.0.1,prometheus
certificate grafana localhost,127.0.0.1,grafana
for volume in topics clickhouse-admin haproxy fleet; do copy /secrets/edge/ca.crt "/secrets/$volume/ca.crt"; done

# Keys: the log's own where the master key is not needed.
copy /secrets/desk/master.key /secrets/detect/master.key
for volume in edge sink; do
  if missing "/secrets/$volume/log.key"; then wardwatch kafka key | put "/secrets/$volume/log.key"; fi
done

# Kafka: a user a role.
password /secrets/kafka/node-password
password /secrets/topics/admin-password
password /secrets/topics/kafka-password
for role in edge detect sink desk; do password "/secrets/$role/kafka-password"; done
if missing /secrets/kafka/cluster-id; then node -p 'const id = require("node:crypto").randomBytes(16); id[0] &= 0x7f; id.toString("base64url")' | put /secrets/kafka/cluster-id; fi
if missing /secrets/kafka/scram.args; then
  {
    user() { printf -- '--add-scram\nSCRAM-SHA-512=[name=%s,password=%s]\n' "$1" "$(cat "$2")"; }
    user admin /secrets/topics/admin-password
    user wardwatch-topics /secrets/topics/kafka-password
    for role in edge detect sink desk; do user "wardwatch-$role" "/secrets/$role/kafka-password"; done
  } | put /secrets/kafka/scram.args
fi
cat /secrets/kafka/server.key /secrets/kafka/server.crt | put /secrets/kafka/server.pem
{
  node_password=$(cat /secrets/kafka/node-password)
  for listener in internal controller; do
    printf 'listener.name.%s.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username="node" password="%s" user_node="%s";\n' \
      "$listener" "$node_password" "$node_password"
  done
} | put /secrets/kafka/secret.properties

# ClickHouse: its administrator's hash, and a user a role.
password /secrets/clickhouse-admin/admin-password
for role in migrate sink desk grafana; do password "/secrets/clickhouse-admin/$role-password"; done
for role in sink desk grafana; do copy "/secrets/clickhouse-admin/$role-password" "/secrets/$role/clickhouse-password"; done
hash=$(node -p 'require("node:crypto").hash("sha256", require("node:fs").readFileSync("/secrets/clickhouse-admin/admin-password", "utf8").trim())')
put /secrets/clickhouse/users.xml <<XML
<clickhouse>
  <profiles><default/></profiles>
  <quotas><default/></quotas>
  <users>
    <default>
      <password_sha256_hex>$hash</password_sha256_hex>
      <networks><ip>::/0</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
      <access_management>1</access_management>
    </default>
  </users>
</clickhouse>
XML

# Prometheus and Grafana.
put /secrets/prometheus/web.yml <<'YAML'
tls_server_config: { cert_file: /secrets/server.crt, key_file: /secrets/server.key, min_version: TLS12 }
YAML
password /secrets/grafana/admin-password

# Who is not of our user reads by a group of its own, and nobody else reads anything.
readers() {
  chgrp -R "$2" "/secrets/$1"
  find "/secrets/$1" -type d -exec chmod 0750 {} +
  find "/secrets/$1" -type f -exec chmod 0640 {} +
}
readers kafka 1000
readers clickhouse 101
readers haproxy 99
readers prometheus 65534
readers grafana 472
echo 'all is there'
