/**
 * What the decoders accept. The answers of a decoder depend on these, so every role of one installation has to use the same
 * (they are constants of a decoder version, not knobs of a deployment).
 */
export interface DecodeLimits {
  /** A longer payload is a dead letter `too-large`. */
  readonly payloadBytesMax: number
  /** Arrays and objects inside one another; deeper is `too-deep`. A payload of no more bytes cannot reach it and is not scanned. */
  readonly nestingMax: number
  /** Vitals of one message. */
  readonly vitalsMax: number
  /** Records of one SenML pack. */
  readonly senmlRecordsMax: number
  /** How far a device's clock may be ahead of the edge's before it is clamped to this, ms (promise 4). */
  readonly futureMsMax: number
  /** The latest instant that is taken for a time at all, ms; after it is `bad-timestamp`. */
  readonly timestampMsMax: number
  /** Longest firmware, boot id, and posture subject, value or actor; longer posture texts are cut, UTF-16 units. */
  readonly textLengthMax: number
  /** Message headers whose decoded form is remembered (a power of two). */
  readonly headersMax: number
}

export const defaultDecodeLimits: DecodeLimits = {
  payloadBytesMax: 65_536,
  nestingMax: 512,
  vitalsMax: 64,
  senmlRecordsMax: 256,
  futureMsMax: 300_000,
  timestampMsMax: 4_102_444_800_000,
  textLengthMax: 256,
  headersMax: 65_536,
}
