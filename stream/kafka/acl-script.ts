import type { AllowRule } from './kafka-ports.ts'

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

const line = ({ user, operation, resource, name, prefixed }: AllowRule): string =>
  [
    'acl --add',
    `--allow-principal ${quoted(`User:${user}`)}`,
    `--operation ${operation}`,
    `--${resource} ${quoted(name)}`,
    ...(prefixed ? ['--resource-pattern-type prefixed'] : []),
  ].join(' ')

/** A script of Kafka's own `kafka-acls.sh` that gives these rights: to be read before it is run, by who administers the cluster. */
export const aclScript = (sections: readonly { readonly title: string; readonly rules: readonly AllowRule[] }[]): string =>
  [
    '#!/bin/sh',
    '# What each role of Wardwatch may do on Kafka, and nothing more. Made by `wardwatch kafka acls`.',
    '# KAFKA_ACLS: kafka-acls.sh of Kafka 4; BOOTSTRAP: host:port of a broker; ADMIN_CONFIG: a properties file of an administrator.',
    'set -eu',
    'acl() {',
    '  "${KAFKA_ACLS:-kafka-acls.sh}" --bootstrap-server "$BOOTSTRAP" --command-config "$ADMIN_CONFIG" "$@"',
    '}',
    ...sections.flatMap(({ title, rules }) => ['', `# ${title}`, ...rules.map(line)]),
    '',
  ].join('\n')
