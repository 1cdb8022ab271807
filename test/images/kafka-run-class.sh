#!/bin/sh
# As Kafka's own script of this name, as far as it is used here: the heap and options from the environment, then the class.
exec java ${KAFKA_HEAP_OPTS:--Xms128m -Xmx512m} -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
  -Dlog4j2.configurationFile="${KAFKA_LOG4J_FILE:-/opt/kafka/bin/log4j2.properties}" ${KAFKA_OPTS:-} -cp '/opt/kafka/libs/*' "$@"
