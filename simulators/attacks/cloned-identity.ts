import { uplinkTopic } from '../../contracts/mqtt-topics.ts'
import { createDeviceSource } from '../device-source.ts'
import type { Connection } from '../mqtt-connection.ts'
import { type Attack, addressSubject, perpetrate } from './attack.ts'
import { signIn } from './sign-in.ts'

/**
 * A second machine with the device's stolen key, at another address, speaks with a message counter of its own. MQTT lets one client id live
 * once, so the two take the connection from each other again and again. MITRE ATT&CK T1552.004.
 */
export const clonedIdentity: Attack = {
  id: 'cloned-identity',
  expectedDetector: 'cloned-identity',
  fromOutside: true,
  async run(context, target) {
    const spec = context.fleet.devices.find(({ device }) => device === target.device)
    if (spec === undefined) return context.logger.warn({ device: target.device }, 'no device to clone')
    const credentials = await context.credentials(spec)
    const { scheduler, signal, random } = context
    const clone = createDeviceSource({ ...spec, seed: spec.seed + 1, historyMs: 0 }, scheduler.now())
    clone.next()
    const topic = uplinkTopic(spec.site, spec.device, 'telemetry')
    const what = `a second machine uses the certificate of ${spec.device} while the device is online`
    await perpetrate(context, target, { attack: clonedIdentity, what, subjects: [spec.device, addressSubject(target)] }, async () => {
      const untilMs = scheduler.now() + target.durationMs
      while (scheduler.now() < untilMs && !signal.aborted) {
        const closed = new AbortController()
        const outcome = await signIn(context, target, { clientId: spec.device, credentials, onClosed: () => closed.abort() })
        if (outcome.ok) await speak(outcome.connection, AbortSignal.any([closed.signal, signal]), untilMs)
        await scheduler.sleep(random.between(500, 1_200), signal)
      }
    })

    async function speak(connection: Connection, gone: AbortSignal, untilMs: number): Promise<void> {
      while (!gone.aborted && scheduler.now() < untilMs) {
        const { payload, atMs } = clone.extra(scheduler.now())
        context.logger.debug({ device: spec?.device, atMs }, 'the clone speaks')
        connection.publish(topic, payload, false, () => {})
        await scheduler.sleep(400, gone)
      }
      // It goes as it came: without a word, so that the real device's return is not the end of it.
      connection.destroy()
    }
  },
}
