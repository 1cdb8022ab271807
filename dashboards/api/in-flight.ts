import type { ServerResponse } from 'node:http'
import { addressKey } from '../accounts/sign-in-delay.ts'

export interface InFlight {
  /** False when there are too many, from everywhere or from this address. A request counts until its answer has ended or `leave` is called. */
  enter(response: ServerResponse, address: string): boolean
  /** A stream that goes on for hours is no longer counted. */
  leave(response: ServerResponse): void
  readonly size: number
}

export const createInFlight = (max: number, perAddressMax: number): InFlight => {
  const open = new Map<ServerResponse, string>()
  const byAddress = new Map<string, number>()
  const leave = (response: ServerResponse): void => {
    const address = open.get(response)
    if (address === undefined) return
    open.delete(response)
    const left = byAddress.get(address)! - 1
    if (left === 0) byAddress.delete(address)
    else byAddress.set(address, left)
  }
  return {
    enter(response, address) {
      const key = addressKey(address)
      const here = byAddress.get(key) ?? 0
      if (open.size >= max || here >= perAddressMax) return false
      open.set(response, key)
      byAddress.set(key, here + 1)
      response.once('close', () => leave(response))
      return true
    },
    leave,
    get size() {
      return open.size
    },
  }
}
