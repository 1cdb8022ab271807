import { expect, it } from 'vitest'
import { readMigrations, statements } from '../migrate.ts'
import { clusterDdl } from './cluster-ddl.ts'

const both = { cluster: 'ward watch', replicated: true }
const all = readMigrations().flatMap(({ sql }) => statements(sql))

it('every statement of every migration is understood, and each has ON CLUSTER once', () => {
  for (const statement of all) {
    const out = clusterDdl(statement, both)
    expect(out.match(/ON CLUSTER 'ward watch'/g), statement).toHaveLength(1)
    // Taken out again, it is what it was but for the engine.
    expect(out.replace(" ON CLUSTER 'ward watch'", '').replace(/Replicated(?=\w*MergeTree)/, '')).toBe(statement)
  }
})

it('every table of a migration gets a Replicated engine, and nothing else does', () => {
  for (const statement of all) {
    const replicated = clusterDdl(statement, both).match(/ENGINE = Replicated(Replacing)?MergeTree/g) ?? []
    expect(replicated, statement).toHaveLength(statement.startsWith('CREATE TABLE') ? 1 : 0)
  }
})

it('without a cluster and replicas everything stays', () => {
  for (const statement of all) expect(clusterDdl(statement, { cluster: null, replicated: false })).toBe(statement)
})

it.each([
  [
    'CREATE DATABASE IF NOT EXISTS wardwatch ENGINE = Atomic',
    "CREATE DATABASE IF NOT EXISTS wardwatch ON CLUSTER 'ward watch' ENGINE = Atomic",
  ],
  [
    'CREATE TABLE x (a Int8) ENGINE = ReplacingMergeTree(a) ORDER BY a',
    "CREATE TABLE x ON CLUSTER 'ward watch' (a Int8) ENGINE = ReplicatedReplacingMergeTree(a) ORDER BY a",
  ],
  [
    "CREATE TABLE migrating_1 (n UInt8) ENGINE = Memory COMMENT 'me'",
    "CREATE TABLE migrating_1 ON CLUSTER 'ward watch' (n UInt8) ENGINE = Memory COMMENT 'me'",
  ],
  ['DROP VIEW IF EXISTS alerts', "DROP VIEW IF EXISTS alerts ON CLUSTER 'ward watch'"],
  ['DROP TABLE IF EXISTS migrating_1', "DROP TABLE IF EXISTS migrating_1 ON CLUSTER 'ward watch'"],
  ["INSERT INTO x VALUES ('CREATE TABLE y')", "INSERT INTO x VALUES ('CREATE TABLE y')"],
])('%s', (statement, expected) => {
  expect(clusterDdl(statement, both)).toBe(expected)
})

it('DDL that it does not know is refused, not sent to one node', () => {
  expect(() => clusterDdl('RENAME TABLE a TO b', both)).toThrow(/ON CLUSTER/)
  expect(() => clusterDdl('CREATE TABLE x (a Int8) ENGINE = Log', both)).toThrow(/engine/)
})
