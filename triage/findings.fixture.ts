import { type Finding, findingId } from '../contracts/finding.ts'

/** A finding for tests of triage, triggered at `offset` of a partition. */
export const findingAt = (offset: number, over: Partial<Finding> = {}, partition = 0): Finding => {
  const position = { topic: 'observations.by-device.v1', partition, offset }
  const detector = over.detector ?? 'replay'
  const device = over.device ?? 'pump-1'
  return {
    id: findingId(detector, 1, device, position, over.index ?? 0),
    detector,
    version: 1,
    title: 'Replay',
    key: device,
    device,
    site: 'north',
    severity: 'medium',
    score: 0.5,
    attack: ['T0856'],
    controls: ['A.8.16'],
    why: `seen at ${offset}`,
    evidence: [],
    at: 1_000 + offset,
    position,
    index: 0,
    decoderVersion: 1,
    ...over,
  }
}
