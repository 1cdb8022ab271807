import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { useDesk } from '../desk.ts'
import { dayTime } from '../parts/format.ts'
import { ProblemNote } from '../parts/problem-note.tsx'
import type { Preferences } from '../state/preferences.ts'
import { useMe, useSetSession } from '../state/session.ts'
import { useStore } from '../state/store.ts'

const passwordCharactersMin = 12
const themes: readonly (readonly [Preferences['theme'], string])[] = [
  ['dark', 'Dark'],
  ['light', 'Light'],
  ['system', 'As the system'],
]

export const YouSection = () => {
  const { preferences, clock } = useDesk()
  const me = useMe()
  const { theme, singleKeys } = useStore(preferences)
  return (
    <div className="sections">
      <section>
        <h2>{me.displayName}</h2>
        <p className="soft">
          <span className="mono">{me.account}</span>, role {me.role}.
          {me.sessionExpiresAt === null ? '' : ` Signed in until ${dayTime(me.sessionExpiresAt, clock.nowMs())} at the latest.`}
        </p>
        <SignOut />
      </section>
      <section>
        <h2>Look</h2>
        <div className="segments" role="group" aria-label="Theme">
          {themes.map(([value, title]) => (
            <button
              key={value}
              type="button"
              aria-pressed={theme === value}
              onClick={() => preferences.set((now) => ({ ...now, theme: value }))}
            >
              {title}
            </button>
          ))}
        </div>
      </section>
      <section>
        <h2>Keyboard</h2>
        <label className="check">
          <input
            type="checkbox"
            checked={singleKeys}
            onChange={(event) => {
              const { checked } = event.currentTarget
              preferences.set((now) => ({ ...now, singleKeys: checked }))
            }}
          />
          Single keys (J, K, A, …)
        </label>
        <p className="hint">Off, when you speak to your computer or hit keys by accident. Ctrl K stays.</p>
      </section>
      <Password />
    </div>
  )
}

const SignOut = () => {
  const { client } = useDesk()
  const setSession = useSetSession()
  const out = useMutation({ mutationFn: () => client.call('signOut'), onSuccess: () => setSession(null) })
  return (
    <>
      <button type="button" className="button" onClick={() => out.mutate()} disabled={out.isPending}>
        Sign out
      </button>
      {out.isError ? <ProblemNote error={out.error} /> : null}
    </>
  )
}

const Password = () => {
  const { client, queryClient, toasts } = useDesk()
  const me = useMe()
  const [current, setCurrent] = useState('')
  const [next, setNext] = useState('')
  const change = useMutation({
    mutationFn: () => client.call('changePassword', { body: { current: me.hasPassword ? current : null, next } }),
    onSuccess: () => {
      setCurrent('')
      setNext('')
      toasts.show({ text: 'The password is set. Other sessions of yours have ended.' })
      void queryClient.invalidateQueries({ queryKey: ['session'] })
    },
  })
  return (
    <section>
      <h2>{me.hasPassword ? 'Password' : 'Set a password'}</h2>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          change.mutate()
        }}
      >
        <input type="text" name="username" autoComplete="username" value={me.account} readOnly hidden />
        {me.hasPassword ? (
          <label className="field">
            <span>Current</span>
            <input
              className="input"
              type="password"
              autoComplete="current-password"
              value={current}
              onChange={(event) => setCurrent(event.currentTarget.value)}
              required
              maxLength={256}
            />
          </label>
        ) : null}
        <label className="field">
          <span>New, at least {passwordCharactersMin} characters</span>
          <input
            className="input"
            type="password"
            autoComplete="new-password"
            value={next}
            onChange={(event) => setNext(event.currentTarget.value)}
            required
            minLength={passwordCharactersMin}
            maxLength={256}
          />
        </label>
        {change.isError ? <ProblemNote error={change.error} /> : null}
        <button type="submit" className="button" disabled={change.isPending}>
          Set the password
        </button>
      </form>
    </section>
  )
}
