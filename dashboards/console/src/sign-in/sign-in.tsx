import { useMutation } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { useLocation } from 'wouter'
import type { Me } from '../../../../contracts/api/access.ts'
import { useDesk } from '../desk.ts'
import { ProblemNote } from '../parts/problem-note.tsx'
import { useSetSession } from '../state/session.ts'
import { codeIn, nextIn } from './address.ts'

/** By one-time link (the code stands in the fragment, which no server sees) or by password. */
const SignIn = ({ me }: { me: Me | null }) => {
  const { client } = useDesk()
  const setSession = useSetSession()
  const [, navigate] = useLocation()
  const [account, setAccount] = useState('')
  const [password, setPassword] = useState('')
  const tried = useRef(false)
  const enter = (session: Me) => {
    setSession(session)
    navigate(nextIn(window.location.search), { replace: true })
  }
  const byLink = useMutation({ mutationFn: (code: string) => client.call('signInByLink', { body: { code } }), onSuccess: enter })
  const byPassword = useMutation({ mutationFn: () => client.call('signInByPassword', { body: { account, password } }), onSuccess: enter })
  useEffect(() => {
    const code = codeIn(window.location.hash)
    if (code !== null && !tried.current) {
      tried.current = true
      // Out of the address bar and the history before anything else.
      window.history.replaceState(null, '', `${window.location.pathname}${window.location.search}`)
      byLink.mutate(code)
      return
    }
    if (me !== null && !tried.current) navigate(nextIn(window.location.search), { replace: true })
  })
  return (
    <main className="sign-in">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          byPassword.mutate()
        }}
      >
        <svg
          viewBox="0 0 24 24"
          width="30"
          height="30"
          fill="none"
          stroke="currentColor"
          strokeWidth="1.8"
          strokeLinecap="round"
          strokeLinejoin="round"
          aria-hidden="true"
        >
          <path d="M2 12.5h4l2.5-7 4 13 3-9 1.5 3h5" />
        </svg>
        <h1>Wardwatch</h1>
        {byLink.isPending ? <p className="soft">Signing in…</p> : null}
        {byLink.isError ? <ProblemNote error={byLink.error} /> : null}
        <label className="field">
          <span>Account</span>
          <input
            className="input"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            value={account}
            onChange={(event) => setAccount(event.currentTarget.value)}
            required
            maxLength={64}
          />
        </label>
        <label className="field">
          <span>Password</span>
          <input
            className="input"
            type="password"
            autoComplete="current-password"
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            required
            maxLength={256}
          />
        </label>
        {byPassword.isError ? <ProblemNote error={byPassword.error} /> : null}
        <button type="submit" className="button primary" disabled={byPassword.isPending}>
          {byPassword.isPending ? 'Signing in…' : 'Sign in'}
        </button>
        <p className="hint">
          The first sign-in is by the link that the platform prints when it starts. An administrator makes further ones.
        </p>
      </form>
    </main>
  )
}
export default SignIn
