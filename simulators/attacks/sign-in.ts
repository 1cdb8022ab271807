import { type ConnectOutcome, type Credentials, openConnection, secureContextOf } from '../mqtt-connection.ts'
import type { AttackContext, AttackTarget } from './attack.ts'

export interface SignIn {
  readonly clientId: string
  readonly credentials: Credentials
  readonly onClosed?: () => void
}

/** One try to sign in from the attacker's address. */
export const signIn = (
  context: AttackContext,
  target: AttackTarget,
  { clientId, credentials, onClosed }: SignIn,
): Promise<ConnectOutcome> =>
  openConnection({
    host: context.host,
    port: context.port,
    ...(context.serverName === undefined ? {} : { serverName: context.serverName }),
    clientId,
    credentials,
    secureContext: secureContextOf(credentials),
    keepAliveSeconds: 30,
    connectTimeoutMs: 10_000,
    ...(target.address === null ? {} : { localAddress: target.address }),
    ...(onClosed === undefined ? {} : { onClosed }),
  })

/** A try that is meant to be refused: a success is closed at once and told. */
export const trySignIn = async (context: AttackContext, target: AttackTarget, attempt: SignIn): Promise<boolean> => {
  const outcome = await signIn(context, target, attempt)
  if (!outcome.ok) return false
  context.logger.warn({ clientId: attempt.clientId }, 'an attacker was let in')
  outcome.connection.destroy()
  return true
}

/** Tries in lanes side by side, as guessing tools do: a broker that delays its answers then delays each lane only. */
export const inLanes = async <T>(
  items: readonly T[],
  lanes: number,
  signal: AbortSignal,
  work: (item: T) => Promise<void>,
): Promise<void> => {
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < items.length && !signal.aborted) await work(items[next++]!)
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}
