# STAND-IN for prom/prometheus, for tests only: Debian's 2.42.
FROM debian:bookworm-slim
RUN apt-get update -qq \
  && apt-get install -y -qq --no-install-recommends prometheus >/dev/null \
  && rm -rf /var/lib/apt/lists/* /etc/prometheus /var/lib/prometheus \
  && install -d -o 65534 -g 65534 /prometheus /etc/prometheus
USER nobody
VOLUME ["/prometheus"]
ENTRYPOINT ["/bin/prometheus"]
