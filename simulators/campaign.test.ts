import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { planCampaign } from './campaign.ts'
import { planFleet } from './fleet.ts'
import { attackIds, type GroundTruthLine, openGroundTruth, parseGroundTruth } from './ground-truth.ts'
import { scorecard } from './scorecard.ts'

const fleet = planFleet({ seed: 1, devices: 200, passwordDevices: 2 })

it('every attack is planned once, on a device of its own, inside its window', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 20_000, max: 600_000 }), (seed, span) => {
      const { attacks } = planCampaign({ fleet, seed, startAtMs: 5_000, endByMs: 5_000 + span })
      expect(attacks.map(({ attack }) => attack).sort()).toEqual(attackIds.filter((id) => id !== 'site-silence').sort())
      expect(attacks[0]!.startAtMs).toBe(5_000)
      for (const { attack, startAtMs, expectedByMs, target } of attacks) {
        expect(startAtMs).toBeGreaterThanOrEqual(5_000)
        // Silence lasts until it must have been noticed.
        if (attack === 'silence') expect(startAtMs + target.durationMs).toBeGreaterThanOrEqual(expectedByMs)
        else expect(startAtMs + target.durationMs).toBeLessThanOrEqual(5_000 + span)
      }
      const devices = attacks.flatMap(({ target }) => target.device ?? [])
      expect(new Set(devices).size).toBe(devices.length)
      const addresses = attacks.flatMap(({ target }) => target.address ?? [])
      expect(new Set(addresses).size).toBe(4)
    }),
  )
})

it('the same seed plans the same campaign, and only the level shift needs a history', () => {
  const campaign = planCampaign({ fleet, seed: 4 })
  expect(planCampaign({ fleet, seed: 4 })).toEqual(campaign)
  const learner = campaign.attacks.find(({ attack }) => attack === 'level-shift')!.target.device
  expect(campaign.fleet.devices.filter(({ historyMs }) => historyMs > 0).map(({ device }) => device)).toEqual([learner])
})

it('in the demo each must be found before its ninety seconds are over', () => {
  for (const { attack, expectedByMs } of planCampaign({ fleet, seed: 4 }).attacks)
    expect([attack, expectedByMs <= 85_000]).toEqual([attack, true])
})

it('a site is cut off only when nothing else happens there', () => {
  const { attacks } = planCampaign({ fleet, seed: 2, siteSilence: true })
  const { site } = attacks.find(({ attack }) => attack === 'site-silence')!.target
  expect(site).toBe('hill-clinic')
  expect(attacks.filter(({ attack, target }) => attack !== 'site-silence' && target.site === site)).toEqual([])
})

it('a fleet that cannot bear it is refused with the reason', () => {
  expect(() => planCampaign({ fleet: planFleet({ seed: 1, devices: 200 }), seed: 1 })).toThrow(/password/)
  expect(() => planCampaign({ fleet: planFleet({ seed: 1, devices: 12, passwordDevices: 1 }), seed: 1 })).toThrow(/needs seven/)
  expect(() => planCampaign({ fleet, seed: 1, startAtMs: 0, endByMs: 5_000 })).toThrow(/20 s/)
})

const line = (change: Partial<GroundTruthLine>): GroundTruthLine => ({
  attack: 'flood',
  expectedDetector: 'flood',
  device: 'mon-0001',
  address: null,
  site: 'st-anna',
  subjects: ['mon-0001'],
  startedAt: 20_000,
  endedAt: 30_000,
  what: 'a flood',
  ...change,
})

it('the score joins what was done with what was found, by detector, subject and time', () => {
  const truth = [
    line({}),
    line({ attack: 'silence', expectedDetector: 'silence', device: 'mon-0002', subjects: ['mon-0002'], what: 'a silence' }),
    line({ attack: 'replay', expectedDetector: 'replay', device: 'mon-0003', subjects: ['mon-0003'], what: 'a replay' }),
  ]
  const sightings = [
    { detector: 'flood', device: 'mon-0001', at: 22_500 },
    { detector: 'flood', device: 'mon-0001', at: 24_000 },
    // Misnamed: the replay is seen, and called a flood.
    { detector: 'flood', device: 'mon-0003', at: 25_000 },
    // Out of the blue, twice the same: one alert.
    { detector: 'flood', device: 'wrb-0009', at: 26_000 },
    { detector: 'flood', device: 'wrb-0009', at: 90_000 },
    // Right device and detector, long before anything was done to it.
    { detector: 'silence', device: 'mon-0002', at: 1_000 },
  ]
  const card = scorecard({ truth, sightings, startedAtMs: 2_500 })
  expect(card.attacks.map(({ attack, found, detector, delayMs }) => [attack, found, detector, delayMs])).toEqual([
    ['flood', true, 'flood', 2_500],
    ['silence', false, null, null],
    ['replay', false, 'flood', 5_000],
  ])
  expect(card.falseAlerts).toEqual([
    { detector: 'silence', device: 'mon-0002', at: 1_000, count: 1, during: null },
    { detector: 'flood', device: 'mon-0003', at: 25_000, count: 1, during: 'replay' },
    { detector: 'flood', device: 'wrb-0009', at: 26_000, count: 2, during: null },
  ])
  expect(card.secondsToFirstTrueAlert).toBe(20)
})

it('nothing found is said as such', () => {
  const card = scorecard({ truth: [line({})], sightings: [], startedAtMs: 0 })
  expect(card).toMatchObject({ attacks: [{ found: false, delayMs: null }], falseAlerts: [], secondsToFirstTrueAlert: null })
})

it('the ground truth file reads back as it was written', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'ground-truth-'))
  try {
    const truth = openGroundTruth(join(directory, 'truth.jsonl'))
    await truth.record(line({}))
    await truth.record(line({ attack: 'silence' }))
    expect(parseGroundTruth(await readFile(join(directory, 'truth.jsonl'), 'utf8'))).toEqual(truth.lines())
  } finally {
    await rm(directory, { recursive: true })
  }
})
