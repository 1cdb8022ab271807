import { quantileMs } from '../contracts/histogram.ts'
import type { GroupCommit } from './group-commit.ts'

/** Adds a topic's figures to a log's: each under `TOPIC.`, and, but for times, to the sum under its own name. */
export const addCommitFigures = (
  all: Record<string, number>,
  topic: string,
  commit: Pick<GroupCommit, 'stats' | 'latency'>,
  more: Readonly<Record<string, number>> = {},
): void => {
  const latency = commit.latency.snapshot()
  const named = { ...commit.stats(), commitMsP50: quantileMs(latency, 0.5), commitMsP99: quantileMs(latency, 0.99), ...more }
  for (const [name, value] of Object.entries(named)) {
    all[`${topic}.${name}`] = value
    if (!name.startsWith('commitMs') && name !== 'lingerMs') all[name] = (all[name] ?? 0) + value
  }
}
