/** @peculiar/x509, made ready: the metadata that it needs to load, and this runtime's crypto. Take it from here only. */
import './metadata-polyfill.ts'

// Not a static import: Bun runs a CommonJS dependency before the ES modules that are imported above it, and the polyfill would come too late.
export const x509 = await import('@peculiar/x509')

x509.cryptoProvider.set(crypto)
