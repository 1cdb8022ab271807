import { describe, expect, it } from 'vitest'
import { type LogTopicName, logTopics } from '../../contracts/log-topics.ts'
import { aclScript } from './acl-script.ts'
import { kafkaRoles, roleRights, rulesOf, topicsRules } from './role-rights.ts'

const topics = Object.keys(logTopics) as LogTopicName[]

describe('the rights of the roles on Kafka', () => {
  it('every topic has a role that writes it and one that reads it', () => {
    const readBySomebody = new Set(kafkaRoles.flatMap((role) => roleRights[role].reads))
    const writtenBySomebody = new Set(kafkaRoles.flatMap((role) => roleRights[role].writes))
    for (const topic of topics) expect([topic, readBySomebody.has(topic), writtenBySomebody.has(topic)]).toEqual([topic, true, true])
  })
  it('no right is given twice, and none but to read and to write', () => {
    for (const role of kafkaRoles) {
      const rules = rulesOf(role, role, 'ward.')
      expect(new Set(rules.map((rule) => JSON.stringify(rule))).size).toBe(rules.length)
      for (const { operation, name, user } of rules) {
        expect(['Read', 'Write']).toContain(operation)
        expect(name.startsWith('ward.')).toBe(true)
        expect(user).toBe(role)
      }
    }
  })
  it('only the desk writes evidence, accounts and devices; what devices say goes to nobody but detect, sink and desk', () => {
    for (const topic of ['cases.v1', 'accounts.v1', 'paging.v1', 'registry.v1'] as const)
      expect(kafkaRoles.filter((role) => roleRights[role].writes.includes(topic))).toEqual(['desk'])
    for (const topic of ['accounts.v1', 'paging.v1'] as const)
      expect(kafkaRoles.filter((role) => roleRights[role].reads.includes(topic))).toEqual(['desk'])
    expect(kafkaRoles.filter((role) => roleRights[role].reads.includes('observations.by-device.v1'))).toEqual(['detect', 'sink', 'desk'])
  })
  it('the script has a line for each right, with names that a shell can not misread', () => {
    const rules = kafkaRoles.flatMap((role) => rulesOf(role, "o'neill $(reboot)", ''))
    const script = aclScript([{ title: 'all', rules: [...rules, ...topicsRules('topics', topics)] }])
    expect(script.match(/^acl --add /gm)).toHaveLength(rules.length + topics.length * 3)
    expect(script).toContain(`--allow-principal 'User:o'\\''neill $(reboot)' --operation Write --topic 'findings.v1'`)
    expect(script).toContain(`--operation Read --group 'triage' --resource-pattern-type prefixed`)
  })
})
