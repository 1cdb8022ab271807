# STAND-IN for haproxy, for tests only: Debian's.
FROM debian:bookworm-slim
RUN apt-get update -qq \
  && apt-get install -y -qq --no-install-recommends haproxy >/dev/null \
  && rm -rf /var/lib/apt/lists/* /etc/haproxy \
  && userdel haproxy && groupadd -g 99 haproxy && useradd -u 99 -g 99 -M -s /usr/sbin/nologin haproxy \
  && install -d /usr/local/sbin /usr/local/etc/haproxy && ln -s /usr/sbin/haproxy /usr/local/sbin/haproxy
USER haproxy
ENTRYPOINT ["haproxy", "-W", "-db"]
CMD ["-f", "/usr/local/etc/haproxy/haproxy.cfg"]
