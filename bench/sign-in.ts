import { ask } from '../app/control/client.ts'

/** Makes an account, follows its one-time link as a browser would, and answers its session's cookie. */
export const signInTo = async (
  data: string,
  deskUrl: string,
  account: string,
): Promise<{ readonly cookie: string; readonly link: string }> => {
  const link = await newLink(data, account)
  const code = new URL(link).hash.replace('#code=', '')
  const follow = () =>
    fetch(`${deskUrl}/api/v1/session/link`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: deskUrl },
      body: JSON.stringify({ code }),
    })
  let response = await follow()
  // So many from one address are slowed down.
  while (response.status === 429) {
    await new Promise((resolve) => setTimeout(resolve, 1_000 * Number(response.headers.get('retry-after') ?? 1)))
    response = await follow()
  }
  if (!response.ok) throw new Error(`${account} could not sign in: ${response.status} ${await response.text()}`)
  return {
    cookie: response.headers
      .getSetCookie()
      .map((one) => one.split(';')[0])
      .join('; '),
    link,
  }
}

/** A new analyst's one-time link. */
export const newLink = async (data: string, account: string): Promise<string> => {
  const asked = await ask<{ link: { url: string } }>(data, 'account-add', { account, displayName: account, role: 'analyst' })
  if (!asked.ok) throw new Error(asked.problem)
  return asked.value.link.url
}
