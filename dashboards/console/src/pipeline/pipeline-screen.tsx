import { useQuery } from '@tanstack/react-query'
import { ChevronRight } from 'lucide-react'
import { lazy, Suspense } from 'react'
import { useLocation, useSearch } from 'wouter'
import type { Stage } from '../../../../contracts/api/pipeline.ts'
import { sparkPaths } from '../alerts/spark-paths.ts'
import { useDesk } from '../desk.ts'
import { brief, duration, whole } from '../parts/format.ts'
import { Late } from '../parts/late.tsx'
import { ProblemNote } from '../parts/problem-note.tsx'
import { useStore } from '../state/store.ts'
import { historySignal } from './history-signal.ts'
import '../styles/pipeline.css'

const Plot = lazy(() => import('../plot/plot.tsx').then((module) => ({ default: module.Plot })))

const stateWords = { running: 'Running', behind: 'Behind', down: 'Down', unknown: 'Metrics unavailable' } as const
const count = (value: number | null): string => (value === null ? '–' : whole(value))
const rate = (value: number | null): string => (value === null ? '–' : brief(value))
const lost = (value: number | null): string => ((value ?? 0) > 0 ? 'high' : '')

const Mini = ({ history }: { history: Stage['history'] }) => {
  const { usual } = sparkPaths(history, null, 160, 34)
  return (
    <svg className="mini" viewBox="0 0 160 34" preserveAspectRatio="none" aria-hidden="true">
      {usual === '' ? <rect className="hatched" width="160" height="34" /> : <path d={usual} />}
    </svg>
  )
}

const Station = ({ stage, chosen, onPick }: { stage: Stage; chosen: boolean; onPick: () => void }) => (
  <button type="button" className={`station state-${stage.state}`} aria-pressed={chosen} onClick={onPick}>
    <span className="station-title">
      <i aria-hidden="true" />
      <b>{stage.title}</b>
      <span className="station-state">{stateWords[stage.state]}</span>
    </span>
    <span className="station-rate">
      <b>{rate(stage.inPerSecond)}</b> <span className="muted">in/s</span>
    </span>
    <Mini history={stage.history} />
    <span className="station-facts">
      <span>
        p99 <b>{duration(stage.latencyP99Ms)}</b>
      </span>
      <span>
        queue <b>{count(stage.queue)}</b>
      </span>
      <span>
        drops <b className={lost(stage.drops)}>{count(stage.drops)}</b>
      </span>
    </span>
  </button>
)

const Detail = ({ stage }: { stage: Stage }) => {
  const { clock } = useDesk()
  const facts: readonly (readonly [string, string, string])[] = [
    ['In', stage.inPerSecond === null ? 'not measured' : `${brief(stage.inPerSecond)} /s`, ''],
    ['Out', stage.outPerSecond === null ? 'not measured' : `${brief(stage.outPerSecond)} /s`, ''],
    ['Latency, median', stage.latencyP50Ms === null ? 'not measured' : duration(stage.latencyP50Ms), ''],
    ['Latency, 99th percentile', stage.latencyP99Ms === null ? 'not measured' : duration(stage.latencyP99Ms), ''],
    ['Queue', stage.queue === null ? 'not measured' : whole(stage.queue), ''],
    ['Drops', stage.drops === null ? 'not measured' : whole(stage.drops), lost(stage.drops)],
    ['Dead letters', stage.deadLetters === null ? 'not measured' : whole(stage.deadLetters), lost(stage.deadLetters)],
    ['Restarts', stage.restarts === null ? 'not measured' : whole(stage.restarts), lost(stage.restarts)],
  ]
  return (
    <section className="stage-detail" aria-label={stage.title}>
      <h2>{stage.title}</h2>
      {stage.problem === null ? null : <p className="high">{stage.problem}</p>}
      <div className="stage-split">
        <dl className="facts">
          {facts.map(([name, value, tone]) => (
            <div key={name} className="fact">
              <dt>{name}</dt>
              <dd className={value === 'not measured' ? 'muted' : tone}>{value}</dd>
            </div>
          ))}
        </dl>
        <div className="stage-plot">
          <Suspense>
            <Plot signal={historySignal(stage, clock.nowMs())} severity="high" showBand={false} syncKey="pipeline" />
          </Suspense>
        </div>
      </div>
    </section>
  )
}

/** The data's way, station by station: what comes in, what is behind, what was lost. */
const PipelineScreen = () => {
  const { client, stream } = useDesk()
  const [, navigate] = useLocation()
  const wanted = new URLSearchParams(useSearch()).get('stage')
  const pipeline = useQuery({
    queryKey: ['pipeline'],
    refetchInterval: 2_000,
    structuralSharing: false,
    queryFn: ({ signal }) => client.call('pipeline', { signal }),
  })
  const live = useStore(stream.state, (state) => state.signs)
  const signs = live ?? pipeline.data?.signs ?? null
  const stages = pipeline.data?.stages ?? []
  const chosen = stages.find(({ id }) => id === wanted) ?? stages[0]
  return (
    <div className="pipeline" tabIndex={0} role="region" aria-label="Pipeline">
      <div className="list-head">
        <h1>Pipeline</h1>
        {signs === null ? null : (
          <p className="signs dimmable">
            <span>
              <b>{rate(signs.readingsPerSecond)}</b> readings/s
            </span>
            <span>
              <b>{count(signs.connections)}</b> connections
            </span>
            <span>
              lag <b>{duration(signs.lagMs)}</b>
            </span>
            <span>
              ack p99 <b>{duration(signs.ackP99Ms)}</b>
            </span>
            <span>
              drops <b className={lost(signs.drops)}>{count(signs.drops)}</b>
            </span>
            <span>
              history{' '}
              <b className={lost(signs.historyBehindMs)}>
                {signs.historyBehindMs === null ? 'up to date' : `${duration(signs.historyBehindMs)} behind`}
              </b>
            </span>
          </p>
        )}
      </div>
      {pipeline.isError ? (
        <div className="grid-problem">
          <ProblemNote error={pipeline.error} retry={() => void pipeline.refetch()} old={pipeline.data !== undefined} />
        </div>
      ) : null}
      {signs === null || signs.problems.length === 0 ? null : (
        <ul className="signs-problems">
          {signs.problems.map((problem) => (
            <li key={problem} className="problem">
              {problem}
            </li>
          ))}
        </ul>
      )}
      {pipeline.data === undefined && !pipeline.isError ? (
        <Late>
          <div className="empty muted">Loading…</div>
        </Late>
      ) : null}
      <ol className="stations dims">
        {stages.map((stage, at) => (
          <li key={stage.id}>
            {at === 0 ? null : <ChevronRight className="icon" aria-hidden="true" />}
            <Station stage={stage} chosen={stage === chosen} onPick={() => navigate(`/pipeline?stage=${stage.id}`, { replace: true })} />
          </li>
        ))}
      </ol>
      {chosen === undefined ? null : <Detail stage={chosen} />}
    </div>
  )
}
export default PipelineScreen
