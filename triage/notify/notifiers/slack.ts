import type { Clock } from '../../../contracts/clock.ts'
import { aboutOf, footerOf, headlineOf, titleOf } from '../headline.ts'
import { cut } from '../plain-text.ts'
import type { Notifier, PageMessage } from '../port.ts'
import { postJson } from '../post-json.ts'

/** Limits of Slack's blocks, characters. */
const headerCharactersMax = 150
const fieldCharactersMax = 300
const fieldsMax = 10

/**
 * An incoming webhook. The blocks hold `plain_text` only, in which Slack reads no mention, link or markup; the fallback text is escaped. Slack has
 * no key for repeats: the page's id stands in the footer.
 */
export const createSlackNotifier = ({ clock }: { readonly clock: Clock }): Notifier<'slack'> => ({
  keepsState: false,
  async send(message, { url }, signal) {
    if (url === null) return { outcome: 'refused', problem: 'it has no address' }
    return postJson({ url, body: JSON.stringify(bodyOf(message)), signal, clock })
  },
})

/** What Slack asks for in its markup: with these three escaped, `<!channel>`, `<@U..>` and links are just characters. */
export const escapeSlack = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

const plain = (text: string, charactersMax: number) => ({
  type: 'plain_text',
  text: cut(text, charactersMax),
  emoji: false,
})

const bodyOf = (message: PageMessage) => {
  const { alert, storm, link } = message
  return {
    text: escapeSlack(headlineOf(message)),
    mrkdwn: false,
    parse: 'none',
    link_names: false,
    unfurl_links: false,
    unfurl_media: false,
    blocks: [
      { type: 'header', text: plain(titleOf(message), headerCharactersMax) },
      {
        type: 'section',
        text: plain(storm === null ? (alert.why === '' ? alert.title : alert.why) : `The worst: ${aboutOf(message)}. ${alert.why}`, 2_000),
      },
      ...(alert.evidence.length === 0
        ? []
        : [
            {
              type: 'section',
              fields: alert.evidence
                .slice(0, fieldsMax)
                .map(({ feature, observed, expected, unit }) =>
                  plain(`${feature}: ${observed} ${unit} (usual: ${expected})`, fieldCharactersMax),
                ),
            },
          ]),
      { type: 'context', elements: [plain(footerOf(message), 500)] },
      ...(link === null ? [] : [{ type: 'actions', elements: [{ type: 'button', text: plain('Open in Wardwatch', 75), url: link }] }]),
    ],
  }
}
