import { createArtefacts } from './artefacts.ts'
import { createBody } from './body.ts'
import { clamp, createDrift, rounded } from './noise.ts'
import type { Profile } from './profile.ts'

const cuffEveryMs = 300_000

/**
 * A bedside monitor: ECG, pulse oximeter, arterial line and a temperature probe, each second; a cuff measurement each five
 * minutes. `pulse` is the oximeter's and equals `hr` but for the oximeter's artefacts; 0 means "not connected".
 */
export const bedsideMonitor: Profile = {
  id: 'bedside-monitor',
  prefix: 'mon',
  intervalMs: 1_000,
  models: [
    { model: 'Corvus M8', firmware: ['8.4.1', '8.4.2'] },
    { model: 'Aquila BM-300', firmware: ['3.10.0', '3.11.2'] },
  ],
  batteryHours: null,
  createPatient(random) {
    const body = createBody(random, { mobility: 0.1 })
    const arterialLine = random.chance(0.7)
    const oximeter = createArtefacts(random, { spikeEveryMs: 15 * 60_000, dropoutEveryMs: 90 * 60_000, dropoutMs: 6_000 })
    const leads = createArtefacts(random, { spikeEveryMs: 40 * 60_000, dropoutEveryMs: 4 * 3_600_000, dropoutMs: 5_000 })
    const flush = createArtefacts(random, { spikeEveryMs: 60 * 60_000, dropoutEveryMs: 3 * 3_600_000, dropoutMs: 8_000 })
    const probe = createDrift(random, 0.03, 10 * 60_000)
    let cuffAtMs: number | null = null
    let lastMs: number | null = null
    return {
      nextReading(nowMs) {
        const stepMs = lastMs === null ? 0 : Math.max(0, nowMs - lastMs)
        lastMs = nowMs
        cuffAtMs ??= nowMs + random.between(0, cuffEveryMs)
        const truth = body(nowMs)
        const vitals: Record<string, number> = {}
        const ecg = leads(nowMs, truth.load)
        const beat = Math.round(truth.hr)
        vitals['hr'] = ecg.kind === 'dropout' ? 0 : ecg.kind === 'spike' ? clamp(Math.round(beat * ecg.factor), 30, 220) : beat
        vitals['resp'] = ecg.kind === 'dropout' ? 0 : Math.round(truth.resp)
        const optical = oximeter(nowMs, truth.load)
        vitals['pulse'] =
          optical.kind === 'dropout' ? 0 : optical.kind === 'spike' ? clamp(Math.round(beat * optical.factor), 30, 220) : beat
        // A shaken finger reads too little oxygen, never too much.
        const saturation = optical.kind === 'spike' ? truth.spo2 * Math.min(1, 1 - Math.abs(1 - optical.factor) / 3) : truth.spo2
        vitals['spo2'] = optical.kind === 'dropout' ? 0 : clamp(Math.round(saturation), 60, 100)
        if (arterialLine) {
          const line = flush(nowMs, truth.load)
          const factor = line.kind === 'spike' ? line.factor : 1
          vitals['abpSys'] = line.kind === 'dropout' ? 0 : Math.round(truth.abpSys * factor)
          vitals['abpDia'] = line.kind === 'dropout' ? 0 : Math.round(truth.abpDia * factor)
          vitals['abpMean'] = line.kind === 'dropout' ? 0 : Math.round(truth.abpMean * factor)
        }
        vitals['temp'] = rounded(truth.tempCel + probe(stepMs), 1)
        if (nowMs >= cuffAtMs) {
          cuffAtMs += cuffEveryMs * Math.ceil((nowMs - cuffAtMs + 1) / cuffEveryMs)
          const cuff = random.normal(0, 3)
          vitals['nbpSys'] = Math.round(truth.abpSys + cuff)
          vitals['nbpDia'] = Math.round(truth.abpDia + cuff * 0.6)
          vitals['nbpMean'] = Math.round(truth.abpMean + cuff * 0.75)
        }
        return { vitals }
      },
    }
  },
}
