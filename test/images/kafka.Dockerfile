# STAND-IN for apache/kafka, for tests only: the same Kafka out of Maven Central's jars, its scripts reduced to those that are used here.
FROM debian:bookworm-slim
RUN apt-get update -qq \
  && apt-get install -y -qq --no-install-recommends openjdk-17-jre-headless >/dev/null \
  && rm -rf /var/lib/apt/lists/* \
  && groupadd -g 1000 appuser && useradd -u 1000 -g 1000 -M -s /usr/sbin/nologin appuser \
  && install -d -o 1000 -g 1000 /var/lib/kafka/data /etc/kafka/secrets /mnt/shared/config /opt/kafka/logs
COPY jars /opt/kafka/libs
COPY kafka-run-class.sh log4j2.properties /opt/kafka/bin/
RUN chmod 0755 /opt/kafka/bin/kafka-run-class.sh && cd /opt/kafka/bin \
  && for pair in kafka-server-start:kafka.Kafka kafka-storage:kafka.tools.StorageTool kafka-acls:org.apache.kafka.tools.AclCommand \
    kafka-topics:org.apache.kafka.tools.TopicCommand kafka-configs:kafka.admin.ConfigCommand \
    kafka-broker-api-versions:org.apache.kafka.tools.BrokerApiVersionsCommand; do \
    printf '#!/bin/sh\nexec /opt/kafka/bin/kafka-run-class.sh %s "$@"\n' "${pair#*:}" > "${pair%%:*}.sh" && chmod 0755 "${pair%%:*}.sh"; \
  done
VOLUME ["/etc/kafka/secrets", "/var/lib/kafka/data", "/mnt/shared/config"]
USER appuser
