import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { loadDetectors } from './registry.ts'

const read = (path: string): string => readFileSync(new URL(`../docs/${path}`, import.meta.url), 'utf8')
const { detectors, derivations } = await loadDetectors()
const page = read('detectors.md')

/** Rows of the parameter table, as the page has them. */
const told = page.match(/^\| `[a-z-]+` \| `[A-Za-z]+` \| \S+ \|$/gm) ?? []
const parametersOf = (stage: (typeof detectors | typeof derivations)[number]) =>
  Object.entries(stage.parameters.parse({}) as Record<string, unknown>)

it('the page tells every parameter with its default, and no other', () => {
  const held = [...detectors, ...derivations].flatMap((stage) =>
    parametersOf(stage).map(([name, value]) => `| \`${stage.id}\` | \`${name}\` | ${String(value)} |`),
  )
  expect(told).toEqual(held)
})

it('the page tells what each is', () => {
  for (const { id, keyedBy, accepts, severity, attack, controls } of detectors)
    expect(page).toContain(
      `| \`${id}\` | ${keyedBy} | ${accepts.join(', ')} | ${severity} | ${attack.join(', ')} | ${controls.join(', ')} |`,
    )
})

it('each runbook names its parameters with the defaults that it explains, its techniques and its controls', () => {
  for (const detector of detectors) {
    const runbook = read(`runbooks/${detector.id}.md`)
    for (const technique of [...detector.attack, ...detector.controls])
      expect([detector.id, runbook.includes(technique)]).toEqual([detector.id, true])
    const stages = detector.id === 'silence' ? [detector, ...derivations] : [detector]
    const defaults = new Map(stages.flatMap(parametersOf))
    for (const [, name, value] of runbook.matchAll(/`([a-z][A-Za-z]+)` \((\d[\d.]*)( s| min| %| KiB)?\)/g)) {
      const known = Number(defaults.get(name!))
      expect([detector.id, name, [1, 1_000, 60_000, 0.01].some((unit) => Math.abs(Number(value) * unit - known) < 1e-9)]).toEqual([
        detector.id,
        name,
        true,
      ])
    }
  }
})
