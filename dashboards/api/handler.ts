import type { FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import type { Answer, RouteId, routes } from '../../contracts/api/routes.ts'
import type { Principal } from '../accounts/principal.ts'
import type { Refusal } from './refusal.ts'

type Of<Id extends RouteId> = (typeof routes)[Id]
type Parsed<Id extends RouteId, Key extends 'query' | 'body'> = Of<Id> extends { readonly [K in Key]: z.ZodType<infer T> } ? T : undefined

/** A request that has passed the door: who asks may, and what is asked is as the table says. */
export interface Call<Id extends RouteId> {
  /** The path's parameters. */
  readonly at: Readonly<Record<'id' | 'device' | 'account', string>>
  readonly query: Parsed<Id, 'query'>
  readonly body: Parsed<Id, 'body'>
  /** What `If-Match` named; 0 where there was none and none is needed. */
  readonly version: number
  readonly who: Of<Id>['may'] extends 'public' ? null : Principal
  readonly address: string
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

export interface Answered<Id extends RouteId> {
  readonly answer: Answer<Id>
  readonly etag?: number
  readonly cookies?: readonly string[]
}

/** Undefined: it has answered by itself (a stream). */
export type Handler<Id extends RouteId> = (
  call: Call<Id>,
) => Promise<Answered<Id> | Refusal | undefined> | Answered<Id> | Refusal | undefined
export type Handlers<Id extends RouteId = RouteId> = { readonly [One in Id]: Handler<One> }
