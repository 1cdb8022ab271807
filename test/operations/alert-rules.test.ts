import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { readAlertRules, rulesFile } from './alert-rules.ts'
import { type AlertStory, alertStories } from './alert-stories.ts'

const rules = readAlertRules()
const stories = Object.entries(alertStories)
const lacksPromtool = spawnSync('promtool', ['--version']).error !== undefined
const promtool = (...words: string[]): { status: number | null; output: string } => {
  const { status, stdout, stderr } = spawnSync('promtool', words, { encoding: 'utf8' })
  return { status, output: `${stdout}${stderr}` }
}

/** As GitHub makes them. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, '')
    .replaceAll(' ', '-')
const anchorsOf = (file: string): string[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => (line.startsWith('#') ? [anchorOf(line.replace(/^#+ /, ''))] : []))

it('every alert has a story, and every story an alert', () =>
  expect(stories.map(([name]) => name).sort()).toEqual(rules.map(({ alert }) => alert).sort()))

it.each(rules)('$alert: its runbook is a section of the documentation, and no other alert has it', ({ alert, annotations }) => {
  const [file, anchor] = annotations.runbook.split('#')
  expect(anchor).toBe(anchorOf(alert))
  expect(anchorsOf(file!)).toContain(anchor)
})

it('the documentation has no alert that there is not', () =>
  expect(anchorsOf('docs/operations.md').filter((anchor) => anchor.startsWith('wardwatch'))).toEqual(
    rules.map(({ alert }) => anchorOf(alert)),
  ))

describe.skipIf(lacksPromtool)(`promtool${lacksPromtool ? ' (skipped: it is not installed; Debian has it in prometheus)' : ''}`, () => {
  const directory = mkdtempSync(join(tmpdir(), 'ww-rules-'))
  afterAll(() => rmSync(directory, { recursive: true }))

  it('takes the configuration of the compose file and the rules', () => {
    const { status, output } = promtool('check', 'config', 'deploy/prometheus/prometheus.yml')
    expect({ status, output }).toMatchObject({ status: 0, output: expect.stringContaining(`${rules.length} rules found`) })
  })

  // One run for all: what is wrong is told by the name of the alert and the summary in promtool's own words.
  it('tells each alert with its numbers, and nothing that only comes near', () => {
    const file = join(directory, 'stories.yml')
    writeFileSync(
      file,
      stringify({
        rule_files: [resolve(rulesFile)],
        evaluation_interval: '15s',
        tests: stories.flatMap(([name, story]) => testsOf(name, story)),
      }),
    )
    expect(promtool('test', 'rules', file)).toEqual({ status: 0, output: expect.stringContaining('SUCCESS') })
  })

  it('and would notice: a story with another number fails', () => {
    const file = join(directory, 'wrong.yml')
    const [name, story] = stories[0]!
    writeFileSync(
      file,
      stringify({ rule_files: [resolve(rulesFile)], evaluation_interval: '15s', tests: testsOf(name, { ...story, near: story.hit }) }),
    )
    expect(promtool('test', 'rules', file).status).not.toBe(0)
  })
})

const testsOf = (alertname: string, { at, hit, near, labels, summary }: AlertStory): object[] => {
  const { labels: own, annotations } = rules.find(({ alert }) => alert === alertname)!
  const test = (series: AlertStory['hit'], expected: object[]): object => ({
    interval: '15s',
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    alert_rule_test: [{ eval_time: at, alertname, exp_alerts: expected }],
  })
  return [test(hit, [{ exp_labels: { ...labels, ...own }, exp_annotations: { ...annotations, summary } }]), test(near, [])]
}
