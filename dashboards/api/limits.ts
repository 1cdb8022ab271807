/** The API's bounds. */
export interface ApiLimits {
  readonly bodyBytesMax: number
  readonly urlBytesMax: number
  readonly paramCharactersMax: number
  readonly connectionsMax: number
  readonly connectionsPerAddressMax: number
  /** A connection's TLS handshake, and then the head of a request, have arrived within it, ms. */
  readonly headersMs: number
  /** Requests of people and tokens that are being answered; streams of events do not count. */
  readonly inFlightMax: number
  readonly inFlightPerAddressMax: number
  /** The same of strangers (who signs in), and of the console's files: neither may take the places of those who have signed in. */
  readonly strangersInFlightMax: number
  readonly strangersInFlightPerAddressMax: number
  readonly filesInFlightMax: number
  readonly filesInFlightPerAddressMax: number
  /** A stranger's request has arrived within it, ms. */
  readonly strangerRequestMs: number
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
  connectionsPerAddressMax: 1_024,
  headersMs: 10_000,
  inFlightMax: 512,
  inFlightPerAddressMax: 128,
  strangersInFlightMax: 128,
  strangersInFlightPerAddressMax: 32,
  filesInFlightMax: 256,
  filesInFlightPerAddressMax: 64,
  strangerRequestMs: 5_000,
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
