import { readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { AnyDerivation, AnyDetector } from '../contracts/detector.ts'

const here = dirname(fileURLToPath(import.meta.url))

/** Not detectors, though they stand beside them. */
const isStage = (name: string): boolean => name.endsWith('.ts') && !name.endsWith('.test.ts') && name !== 'registry.ts'

const loadFolder = async <Stage extends AnyDetector | AnyDerivation>(folder: string): Promise<Stage[]> => {
  const names = (await readdir(folder)).filter(isStage).sort()
  const stages: Stage[] = []
  for (const name of names) {
    const id = basename(name, '.ts')
    const module = (await import(pathToFileURL(join(folder, name)).href)) as { default?: Stage }
    const stage = module.default
    if (stage === undefined || typeof stage.observe !== 'function') throw new Error(`${join(folder, name)} exports no detector by default`)
    if (stage.id !== id) throw new Error(`${join(folder, name)} calls itself ${stage.id}; a detector's id is its file's name`)
    stages.push(stage)
  }
  return stages
}

/**
 * Every detector in this folder and every derivation in `derivations/`, sorted by id.
 * Throws for a file without a stage, an id that is not its file's name, an id used twice, or a parameter without a default.
 */
export const loadDetectors = async (
  folder: string = here,
): Promise<{ detectors: readonly AnyDetector[]; derivations: readonly AnyDerivation[] }> => {
  const detectors = await loadFolder<AnyDetector>(folder)
  const derivations = await loadFolder<AnyDerivation>(join(folder, 'derivations'))
  const ids = new Set<string>()
  for (const stage of [...detectors, ...derivations]) {
    if (ids.has(stage.id)) throw new Error(`two stages are called ${stage.id}`)
    ids.add(stage.id)
    stage.parameters.parse({})
    stage.state.parse(stage.initial())
  }
  return { detectors, derivations }
}
