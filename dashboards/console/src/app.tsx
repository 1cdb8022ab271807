import { lazy, Suspense } from 'react'
import { Redirect, Route, Switch, useLocation, useSearch } from 'wouter'
import { AlertsScreen } from './alerts/alerts-screen.tsx'
import { ProblemNote } from './parts/problem-note.tsx'
import { Late } from './parts/late.tsx'
import { Shell } from './shell/shell.tsx'
import { MeProvider, useSession } from './state/session.ts'

const AlertPage = lazy(() => import('./alert/alert-page.tsx'))
const DevicesScreen = lazy(() => import('./devices/devices-screen.tsx'))
const DevicePage = lazy(() => import('./devices/device-page.tsx'))
const PipelineScreen = lazy(() => import('./pipeline/pipeline-screen.tsx'))
const SettingsScreen = lazy(() => import('./settings/settings-screen.tsx'))
const SignIn = lazy(() => import('./sign-in/sign-in.tsx'))

export const App = () => {
  const [location] = useLocation()
  const session = useSession(location !== '/sign-in')
  const search = useSearch()
  const me = session.data
  if (location === '/sign-in')
    return (
      <Suspense>
        <SignIn me={me ?? null} />
      </Suspense>
    )
  if (me === undefined)
    return session.isError ? (
      <main className="alone">
        <ProblemNote error={session.error} retry={() => void session.refetch()} />
      </main>
    ) : (
      <main className="alone">
        <Late>
          <span className="muted">Connecting…</span>
        </Late>
      </main>
    )
  if (me === null) {
    const next = location === '/' ? '' : `?next=${encodeURIComponent(`${location}${search === '' ? '' : `?${search}`}`)}`
    return <Redirect to={`/sign-in${next}`} replace />
  }
  return (
    <MeProvider value={me}>
      <Shell>
        <Suspense
          fallback={
            <Late>
              <div className="empty muted">Loading…</div>
            </Late>
          }
        >
          <Switch>
            <Route path="/">
              <Redirect to="/alerts" replace />
            </Route>
            <Route path="/alerts">
              <AlertsScreen />
            </Route>
            <Route path="/alerts/:id">{({ id }) => <AlertPage id={decodeURIComponent(id)} />}</Route>
            <Route path="/devices">
              <DevicesScreen />
            </Route>
            <Route path="/devices/:device">{({ device }) => <DevicePage device={decodeURIComponent(device)} />}</Route>
            <Route path="/pipeline">
              <PipelineScreen />
            </Route>
            <Route path="/settings/:section?">{({ section }) => <SettingsScreen section={section ?? 'you'} />}</Route>
            <Route>
              <div className="empty">
                <strong>There is no such page</strong>
                <a href="/alerts">To the alerts</a>
              </div>
            </Route>
          </Switch>
        </Suspense>
      </Shell>
    </MeProvider>
  )
}
