import { appendFile } from 'node:fs/promises'
import { z } from 'zod'

/** The ten attacks, each named for the detector that must name it, and a whole site's silence as a variant of the eighth. */
export const attackIds = [
  'credential-brute-force',
  'identity-spraying',
  'rogue-device',
  'cloned-identity',
  'topic-abuse',
  'replay',
  'flood',
  'silence',
  'implausible-vitals',
  'level-shift',
  'site-silence',
] as const
export type AttackId = (typeof attackIds)[number]

/** One line of the ground truth: what was done, to whom, when. */
export const groundTruthLine = z.object({
  attack: z.enum(attackIds),
  expectedDetector: z.string(),
  /** Device that was attacked or misused; null when it is about an address or a site. */
  device: z.string().nullable(),
  /** Source address the attack came from; null when it came from the device itself or the system chose it. */
  address: z.string().nullable(),
  site: z.string().nullable(),
  /** What a finding's `device` may say about it: device ids, `address:..`, `site:..`. */
  subjects: z.array(z.string()),
  /** ms since the epoch. */
  startedAt: z.number(),
  endedAt: z.number(),
  /** One sentence. */
  what: z.string(),
})
export type GroundTruthLine = z.infer<typeof groundTruthLine>

/** Where the truth goes while a campaign runs. */
export interface GroundTruth {
  record(line: GroundTruthLine): Promise<void>
  lines(): readonly GroundTruthLine[]
}

/** Keeps the lines, and appends each to a JSONL file when a path is given. Rejects when the file cannot be written. */
export const openGroundTruth = (path: string | null): GroundTruth => {
  const kept: GroundTruthLine[] = []
  return {
    async record(line) {
      kept.push(line)
      if (path !== null) await appendFile(path, `${JSON.stringify(line)}\n`)
    },
    lines: () => kept,
  }
}

/** Reads a ground truth file's text. Throws `ZodError` or `SyntaxError` on a line that is none. */
export const parseGroundTruth = (jsonl: string): GroundTruthLine[] =>
  jsonl
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => groundTruthLine.parse(JSON.parse(line)))
