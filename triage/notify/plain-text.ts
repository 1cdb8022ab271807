/**
 * Makes a device's text safe to stand in a message: one line, no control characters, none that are invisible or turn the writing direction, no
 * clickable address, at most `charactersMax` long. It is still not escaped for any markup.
 */
export const plainText = (text: string, charactersMax: number): string => {
  // Cut twice: before the work, so that a huge text costs nothing, and after it.
  const clean = text
    .slice(0, charactersMax * 4)
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replaceAll(/[\p{Cf}\p{Co}\p{Cn}]/gu, '')
    .replaceAll(/\s+/gu, ' ')
    .replaceAll('://', '[:]//')
    .replaceAll(/\bwww\./giu, 'www[.]')
    .trim()
  return clean.length <= charactersMax ? clean : `${cut(clean, charactersMax - 1)}…`
}

/** The first characters of a text, none of them halved; `charactersMax` in UTF-16 units, as the receivers' limits count. */
export const cut = (text: string, charactersMax: number): string => {
  const end = text.codePointAt(charactersMax - 1)! > 0xffff ? charactersMax - 1 : charactersMax
  return text.slice(0, end)
}
