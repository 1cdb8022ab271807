/**
 * Authenticated encryption for everything that rests on disk. AES-256-GCM; the implementation is `stream/seal.ts`.
 * `context` is associated data: a blob opened under another context is refused.
 */
export interface Sealer {
  seal(plain: Uint8Array, context: string): Buffer
  /** Throws `SealBroken` when the key is wrong or a byte was changed. */
  open(sealed: Uint8Array, context: string): Buffer
  /** A name that tells nothing: 16 bytes of HMAC-SHA-256, the same for the same text under the newest key. For what must be found again without being read. */
  blind(text: string): Buffer
}

export class SealBroken extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'SealBroken'
  }
}
