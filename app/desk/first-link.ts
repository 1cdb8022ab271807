import { ask } from '../control/client.ts'

export interface ConsoleAddress {
  readonly url: string
  /** Signs in once; null when somebody has signed in already. */
  readonly link: string | null
}

/**
 * Where the console is, with the one-time link while nobody has signed in yet. Asked over the control socket, which only the platform's user can
 * open: a link stands in no log and in no role's facts.
 */
export const consoleAddress = async (data: string): Promise<ConsoleAddress | null> => {
  const asked = await ask<{ readonly url: string; readonly link: { readonly url: string } | null }>(data, 'first-link')
  return asked.ok ? { url: asked.value.url, link: asked.value.link?.url ?? null } : null
}

/** One plain line for it. */
export const consoleLine = ({ url, link }: ConsoleAddress, data: string): string =>
  link === null
    ? `console: ${url} (a new sign-in link: npx wardwatch account link NAME --data ${data})`
    : `console: ${link} (signs in once, within the hour)`
