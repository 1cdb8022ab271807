# STAND-IN for clickhouse/clickhouse-server, for tests only: the engine of npm's chdb behind test/clickhouse's HTTP front.
FROM debian:bookworm-slim
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends libatomic1 >/dev/null && rm -rf /var/lib/apt/lists/*
RUN groupadd -g 101 clickhouse && useradd -u 101 -g 101 -M -s /usr/sbin/nologin clickhouse \
  && install -d -o 101 -g 101 /var/lib/clickhouse /var/log/clickhouse-server /etc/clickhouse-server
COPY node /usr/local/bin/node
COPY node_modules /stand-in/node_modules
COPY clickhouse /stand-in/test/clickhouse
COPY clickhouse-server.mjs /stand-in/clickhouse-server.mjs
RUN chmod 0755 /stand-in/clickhouse-server.mjs \
  && ln -s /stand-in/clickhouse-server.mjs /usr/bin/clickhouse-server \
  && printf '{"type":"module"}\n' > /stand-in/package.json
VOLUME ["/var/lib/clickhouse"]
USER clickhouse
