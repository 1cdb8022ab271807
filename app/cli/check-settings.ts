import { edgeLimits } from '../../broker/limits.ts'
import { loadDetectors } from '../../detectors/registry.ts'
import type { Config } from '../config.ts'
import { BadCall } from './command.ts'

/** What only the parts themselves know: limits of the edge and parameters of the detectors. Told before anything is started. */
export const checkSettings = async ({ limits, detectors: parameters }: Config): Promise<void> => {
  const checked = edgeLimits.safeParse(limits)
  const [fault] = checked.success ? [] : checked.error.issues
  if (fault !== undefined) {
    const name = fault.code === 'unrecognized_keys' ? fault.keys.join(', ') : fault.path.join('.')
    throw new BadCall(
      `limits.${name}: ${JSON.stringify(limits[name])} is not allowed: ${fault.code === 'unrecognized_keys' ? 'there is no such limit' : fault.message}`,
    )
  }
  const { detectors, derivations } = await loadDetectors()
  const stages = [...detectors, ...derivations]
  for (const [id, given] of Object.entries(parameters)) {
    const stage = stages.find((one) => one.id === id)
    if (stage === undefined)
      throw new BadCall(`detectors.${id}: there is no such detector; there are ${stages.map((one) => one.id).join(', ')}`)
    const known = Object.keys(stage.parameters.parse({}) as object)
    const unknown = Object.keys(given).find((name) => !known.includes(name))
    if (unknown !== undefined) throw new BadCall(`detectors.${id}.${unknown}: there is no such parameter; there are ${known.join(', ')}`)
    const parsed = stage.parameters.safeParse(given)
    const [wrong] = parsed.success ? [] : parsed.error.issues
    if (wrong !== undefined) {
      const name = wrong.path.join('.')
      throw new BadCall(`detectors.${id}.${name}: ${JSON.stringify(given[name])} is not allowed: ${wrong.message}`)
    }
  }
}
