import { z } from 'zod'
import { accountName, role, tokenScope } from '../../contracts/api/access.ts'

const hash = z.string().regex(/^[0-9a-f]{64}$/)
const at = z.number()
const actor = z.string()

/** How somebody came in. */
export const signInWay = z.enum(['link', 'password', 'password-change'])
export type SignInWay = z.infer<typeof signInWay>

/**
 * Events of `accounts.v1`. Of every secret only a hash stands here: SHA-256 of the random ones (sessions, links, tokens: 256 bits, nothing to
 * guess), argon2id of passwords.
 */
export const accountEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('account.created'), at, actor, account: accountName, displayName: z.string(), role }),
  z.object({
    type: z.literal('account.changed'),
    at,
    actor,
    account: accountName,
    displayName: z.string().exactOptional(),
    role: role.exactOptional(),
    disabled: z.boolean().exactOptional(),
  }),
  z.object({ type: z.literal('password.set'), at, actor, account: accountName, passwordHash: z.string() }),
  /** A one-time link; a newer one makes it void. */
  z.object({ type: z.literal('link.made'), at, actor, account: accountName, code: hash, expiresAt: z.number() }),
  z.object({
    type: z.literal('session.started'),
    at,
    account: accountName,
    session: hash,
    way: signInWay,
    address: z.string(),
    expiresAt: z.number(),
    /** The link that is used up by it. */
    code: hash.exactOptional(),
    /** The browser that is known from now on. */
    browser: hash.exactOptional(),
  }),
  z.object({ type: z.literal('session.seen'), at, session: hash }),
  z.object({ type: z.literal('session.ended'), at, session: hash, because: z.enum(['signed-out', 'idle', 'expired', 'too-many']) }),
  /** `account` is null when there is none of that name: somebody may have typed a password there. */
  z.object({
    type: z.literal('sign-in.failed'),
    at,
    account: accountName.nullable(),
    address: z.string(),
    way: z.enum(['link', 'password']),
    times: z.number().int(),
  }),
  z.object({
    type: z.literal('token.made'),
    at,
    actor,
    token: z.string(),
    account: accountName,
    name: z.string(),
    scope: tokenScope,
    secret: hash,
    expiresAt: z.number(),
  }),
  z.object({ type: z.literal('token.used'), at, token: z.string() }),
  z.object({ type: z.literal('token.ended'), at, actor, token: z.string() }),
])
export type AccountEvent = z.infer<typeof accountEvent>
