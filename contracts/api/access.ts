import { z } from 'zod'

/** Least to most; each route names who may. */
export const roles = ['viewer', 'analyst', 'responder', 'admin'] as const
export const role = z.enum(roles)
export type Role = z.infer<typeof role>

/** What an API token may do at the most; its account's role bounds it too. */
export const tokenScopes = ['read', 'triage', 'admin'] as const
export const tokenScope = z.enum(tokenScopes)
export type TokenScope = z.infer<typeof tokenScope>

export const accountName = z.string().regex(/^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$/, 'lower-case letters, digits, . _ -')

/** Who asks: what `GET /session` answers. */
export const me = z.object({
  account: accountName,
  /** What others see, e.g. "Rosa Klein". */
  displayName: z.string(),
  role,
  /** Goes back in the header `x-csrf-token` of everything but GET; null for a token. */
  csrfToken: z.string().nullable(),
  hasPassword: z.boolean(),
  sessionExpiresAt: z.number().nullable(),
  /** The platform's site name, for the top bar. */
  platform: z.string(),
  /** The platform's clock, ms: what ages and clocks are counted against. */
  nowMs: z.number(),
})
export type Me = z.infer<typeof me>

export const linkSignIn = z.strictObject({ code: z.string().min(20).max(128) })
export const passwordSignIn = z.strictObject({ account: z.string().min(1).max(64), password: z.string().min(1).max(256) })
export const passwordChange = z.strictObject({ current: z.string().max(256).nullable(), next: z.string().min(12).max(256) })

export const account = z.object({
  account: accountName,
  displayName: z.string(),
  role,
  disabled: z.boolean(),
  hasPassword: z.boolean(),
  createdAt: z.number(),
  lastSignInAt: z.number().nullable(),
  /** Moves with every change by an admin; what a change sends back as `If-Match`. */
  version: z.number().int(),
})
export type Account = z.infer<typeof account>

export const accountCreate = z.strictObject({ account: accountName, displayName: z.string().min(1).max(64), role })
export const accountChange = z.strictObject({
  displayName: z.string().min(1).max(64).exactOptional(),
  role: role.exactOptional(),
  disabled: z.boolean().exactOptional(),
})
/** A link that signs in once. */
export const signInLink = z.object({ url: z.string(), expiresAt: z.number() })
export const accountCreated = z.object({ account, link: signInLink })

export const apiToken = z.object({
  id: z.string(),
  name: z.string(),
  account: accountName,
  scope: tokenScope,
  createdAt: z.number(),
  expiresAt: z.number(),
  lastUsedAt: z.number().nullable(),
})
export type ApiToken = z.infer<typeof apiToken>
export const tokenCreate = z.strictObject({
  name: z.string().min(1).max(64),
  scope: tokenScope,
  expiresInDays: z.int().min(1).max(365),
})
/** `secret` is shown this once. */
export const tokenCreated = z.object({ token: apiToken, secret: z.string() })
