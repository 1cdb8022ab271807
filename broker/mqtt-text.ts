import { isUtf8 } from 'node:buffer'

/** Whether bytes are what MQTT 3.1.1 (section 1.5.3) calls a UTF-8 string: well-formed, no surrogates, no U+0000. */
export const isMqttText = (bytes: Uint8Array): boolean => isUtf8(bytes) && !bytes.includes(0)

const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\\]/gu

/** Untrusted text as it may stand in an observation: control characters escaped, cut to `charactersMax`. */
export const shownText = (text: string, charactersMax: number): string => {
  const escaped = text
    .slice(0, charactersMax)
    .replaceAll(unprintable, (c) => (c === '\\' ? '\\\\' : `\\u${c.codePointAt(0)!.toString(16).padStart(4, '0')}`))
  return escaped.slice(0, charactersMax)
}
