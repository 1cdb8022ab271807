import type { Finding, LogPosition } from '../../contracts/finding.ts'

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const comparePositions = (a: LogPosition, b: LogPosition): number =>
  compareText(a.topic, b.topic) || a.partition - b.partition || a.offset - b.offset

/** The canonical order of findings: by the record that triggered them, then by their index there. */
export const compareFindings = (a: Finding, b: Finding): number => comparePositions(a.position, b.position) || a.index - b.index

/**
 * A finding as one line of JSON with a fixed order of keys: what stands in `findings.v1` and what `wardwatch backtest` prints,
 * so that a live run and a backtest can be compared byte for byte. No line break at the end.
 */
export const findingLine = (f: Finding): string =>
  JSON.stringify({
    id: f.id,
    detector: f.detector,
    version: f.version,
    title: f.title,
    key: f.key,
    device: f.device,
    site: f.site,
    severity: f.severity,
    score: f.score,
    attack: f.attack,
    controls: f.controls,
    why: f.why,
    evidence: f.evidence.map(({ feature, observed, expected, unit }) => ({ feature, observed, expected, unit })),
    at: f.at,
    position: { topic: f.position.topic, partition: f.position.partition, offset: f.position.offset },
    index: f.index,
    decoderVersion: f.decoderVersion,
  })
