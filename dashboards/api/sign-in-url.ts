import type { LinkCode } from '../accounts/people.ts'

export interface SignedLink {
  readonly url: string
  readonly expiresAt: number
}

/** The code stands behind `#`: a browser never sends it, so no log on the way has it. @param base e.g. `http://127.0.0.1:8480` */
export const signInUrl = (base: string, { code, expiresAt }: LinkCode): SignedLink => ({ url: `${base}/sign-in#code=${code}`, expiresAt })
