# Wardwatch on several machines: edge, detect, sink, desk, and the command line. The ClickHouse engine of the embedded mode (npm's chdb, half a
# gigabyte) is left out: this image needs a ClickHouse server, and says so when it has none.
FROM node:26-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json tsconfig.json ./
RUN npm ci --no-audit --no-fund --ignore-scripts
COPY app app
COPY broker broker
COPY contracts contracts
COPY dashboards dashboards
COPY detectors detectors
COPY docs/runbooks docs/runbooks
COPY ingest ingest
COPY registry registry
COPY simulators simulators
COPY store store
COPY stream stream
COPY triage triage
RUN node dashboards/console/build.mjs \
  && npm prune --omit=dev --no-audit --no-fund --ignore-scripts \
  && rm -rf node_modules/chdb node_modules/@chdb node_modules/.cache \
  && find node_modules -name '*.map' -delete \
  && rm -rf node_modules/node-linux-*/include node_modules/node-linux-*/share node_modules/node-linux-*/CHANGELOG.md \
  && find app broker contracts dashboards detectors ingest registry simulators store stream triage \
    \( -name '*.test.ts' -o -name '*.test.tsx' -o -name 'testing' -o -name 'test-*.ts' \) -prune -exec rm -rf {} + \
  && rm -rf dashboards/console/src dashboards/console/dev dashboards/console/public dashboards/console/build.mjs

FROM debian:bookworm-slim
# What Node links against and the base lacks.
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends libatomic1 >/dev/null && rm -rf /var/lib/apt/lists/*
# What secrets are for: a volume that is mounted there belongs to its reader. Prepared here, because a fresh volume takes its owner from the image.
RUN groupadd -g 10001 wardwatch \
  && useradd -u 10001 -g 10001 -M -d /nonexistent -s /usr/sbin/nologin wardwatch \
  && for volume in kafka topics edge detect sink desk clickhouse clickhouse-admin haproxy prometheus grafana fleet; do \
    install -d -o 10001 -g 10001 -m 0750 "/secrets/$volume"; done \
  && install -d -o 10001 -g 10001 -m 0700 /data
COPY --from=build /build /wardwatch
RUN ln -s /wardwatch/node_modules/node-linux-*/bin/node /usr/local/bin/node \
  && printf '#!/bin/sh\nexec node --disable-warning=ExperimentalWarning /wardwatch/app/main.ts "$@"\n' > /usr/local/bin/wardwatch \
  && chmod 0755 /usr/local/bin/wardwatch
ENV NODE_ENV=production WARDWATCH_DATA=/data
USER 10001:10001
WORKDIR /wardwatch
VOLUME ["/data"]
EXPOSE 8883 8480 9464
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["node", "/wardwatch/app/health-check.ts"]
ENTRYPOINT ["wardwatch"]
CMD ["run"]
