import type { Pipeline, Stage } from '../../contracts/api/pipeline.ts'

/** The data's way as it might be. */
export const samplePipeline = (nowMs: number): Pipeline => {
  const wave = Math.round(2_000 + 40 * Math.sin(nowMs / 5_000))
  const stage = (id: Stage['id'], title: string): Stage => ({
    id,
    title,
    state: 'running',
    inPerSecond: wave,
    outPerSecond: wave,
    latencyP50Ms: 2,
    latencyP99Ms: 9,
    queue: 0,
    drops: id === 'edge' ? 3 : 0,
    deadLetters: id === 'landing' ? 2 : null,
    restarts: 0,
    history: Array.from({ length: 300 }, (_, i) => (i % 97 === 0 ? null : wave - 20 + (i % 40))),
    problem: null,
  })
  return {
    signs: {
      nowMs,
      readingsPerSecond: wave,
      connections: 198,
      lagMs: 40,
      drops: 3,
      ackP99Ms: 9.2,
      historyBehindMs: null,
      readsOnly: null,
      problems: [],
    },
    stages: [
      stage('edge', 'Edge'),
      stage('log', 'Log'),
      stage('detect', 'Detectors'),
      stage('triage', 'Triage'),
      stage('landing', 'History'),
      { ...stage('paging', 'Paging'), inPerSecond: null, outPerSecond: null, latencyP50Ms: null, latencyP99Ms: null },
    ],
  }
}
