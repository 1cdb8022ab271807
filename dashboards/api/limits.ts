/** The API's bounds. */
export interface ApiLimits {
  readonly bodyBytesMax: number
  readonly urlBytesMax: number
  readonly paramCharactersMax: number
  readonly connectionsMax: number
  /** Requests that are being answered; streams of events do not count. */
  readonly inFlightMax: number
  readonly inFlightPerAddressMax: number
  /** A request has arrived within it, ms. */
  readonly requestMs: number
  /** An answer begins within it, ms; then it is told what is known. */
  readonly answerMs: number
  /** Of a session or a token. */
  readonly requestsPerSecondMax: number
  readonly requestsBurstMax: number
  /** Of an address without either: it has little to ask. */
  readonly strangerRequestsPerSecondMax: number
  readonly strangerRequestsBurstMax: number
  readonly streamsMax: number
  /** Of a session or a token. */
  readonly streamsPerSessionMax: number
  /** What may wait for a slow reader of events, bytes; above it the reader is dropped and comes back. */
  readonly streamBufferBytesMax: number
  /** Events that are sent again to who comes back; above it fetching anew is cheaper. */
  readonly replayEventsMax: number
}

export const apiLimits: ApiLimits = {
  bodyBytesMax: 262_144,
  urlBytesMax: 8_192,
  paramCharactersMax: 128,
  connectionsMax: 4_096,
  inFlightMax: 512,
  inFlightPerAddressMax: 128,
  requestMs: 30_000,
  answerMs: 15_000,
  requestsPerSecondMax: 500,
  requestsBurstMax: 1_000,
  strangerRequestsPerSecondMax: 20,
  strangerRequestsBurstMax: 100,
  streamsMax: 1_000,
  streamsPerSessionMax: 250,
  streamBufferBytesMax: 1_048_576,
  replayEventsMax: 1_000,
}
