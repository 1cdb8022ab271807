import { arbitraryObservations, describeLaws } from '../stream/host/harness.ts'
import { loadDetectors } from './registry.ts'

const { detectors, derivations } = await loadDetectors()

describeLaws([...derivations, ...detectors], arbitraryObservations(), { runs: 12 })
