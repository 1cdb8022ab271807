import { type Attack, perpetrate } from './attack.ts'

/** All devices of a small site go quiet at once, as when its uplink is cut: the silence detector must say so once, about the site. ICS T0815. */
export const siteSilence: Attack = {
  id: 'site-silence',
  expectedDetector: 'silence',
  fromOutside: false,
  async run(context, target) {
    const devices = context.fleet.devices.flatMap(({ site, device: id }) => {
      const device = site === target.site ? context.device(id) : undefined
      return device === undefined ? [] : [device]
    })
    if (target.site === null || devices.length === 0) return context.logger.warn({ site: target.site }, 'no site to cut off')
    const what = `all ${devices.length} devices of ${target.site} go silent at once`
    await perpetrate(context, target, { attack: siteSilence, what, subjects: [`site:${target.site}`] }, async () => {
      for (const device of devices) device.die()
      await context.scheduler.sleep(target.durationMs, context.signal)
    })
    if (!context.signal.aborted) for (const device of devices) device.revive()
  },
}
