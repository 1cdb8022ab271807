import { describe, expect, it } from 'vitest'
import { encodeMessage, encodeMessageHeader } from '../../contracts/envelope.ts'
import { createEnvelopeDecoder } from '../envelope-decoder.ts'

const at = 1_795_466_400_000
const header = encodeMessageHeader({ leaf: 'telemetry', site: 's', device: 'd', model: 'm', session: 'x' })
const decoder = createEnvelopeDecoder()
const decode = (pack: unknown) =>
  decoder.decode(encodeMessage(header, Buffer.from(typeof pack === 'string' ? pack : JSON.stringify(pack)), at, false))

describe('the examples of RFC 8428', () => {
  it('5.1.1: a single value', () => {
    expect(decode('[{"n":"urn:dev:ow:10e2073a01080063","u":"Cel","v":23.1}]')).toMatchObject({
      outcome: 'ok',
      observation: { vitals: { '10e2073a01080063': 23.1 }, deviceTime: null, seq: null, firmware: null },
    })
  })

  it('5.1.2: values with base fields; of each name the newest counts', () => {
    const pack = `[
      {"bn":"urn:dev:ow:10e2073a0108006:","bt":1.276020076001e+09,"bu":"A","bver":5,"n":"voltage","u":"V","v":120.1},
      {"n":"current","t":-5,"v":1.2}, {"n":"current","t":-4,"v":1.3}, {"n":"current","t":-3,"v":1.4},
      {"n":"current","t":-2,"v":1.5}, {"n":"current","t":-1,"v":1.6}, {"n":"current","v":1.7}
    ]`
    expect(decode(pack)).toMatchObject({ observation: { deviceTime: 1_276_020_076_001, vitals: { voltage: 120.1, current: 1.7 } } })
  })

  it('5.1.3: base times, units and values of several kinds', () => {
    const pack = `[
      {"bn":"urn:dev:ow:10e2073a01080063","bt":1.320067464e+09,"bu":"%RH","v":21.2},
      {"t":10,"v":21.3}, {"t":20,"v":21.4}, {"t":30,"v":21.4}, {"t":40,"v":21.5}
    ]`
    expect(decode(pack)).toMatchObject({ observation: { deviceTime: 1_320_067_504_000, vitals: { '10e2073a01080063': 21.5 } } })
  })

  it('5.1.4: flags are numbers, data and texts are passed over', () => {
    const pack = `[
      {"bn":"urn:dev:ow:10e2073a01080063:","n":"temp","u":"Cel","v":23.1},
      {"n":"label","vs":"Machine Room"}, {"n":"open","vb":false}, {"n":"nfc-reader","vd":"aGkgCg"}
    ]`
    expect(decode(pack)).toMatchObject({ observation: { vitals: { temp: 23.1, open: 0 } } })
  })
})

describe('a pack of vitals', () => {
  it('goes by synonyms, LOINC and MDC codes, in the units of the table', () => {
    const pack = [
      { bn: 'urn:dev:mac:0024befffe804ff1:', n: 'heart_rate', u: 'beat/min', v: 72 },
      { n: '59408-5', u: '/', v: 0.97 },
      { n: '150364', u: 'K', v: 310.15 },
      { n: 'MDC_RESP_RATE', u: 'Hz', v: 0.25 },
      { n: 'abpSys', u: 'mm[Hg]', v: 121 },
      { n: 'battery', u: '%EL', v: 81 },
      { n: 'fw', vs: '2.4.1' },
    ]
    expect(decode(pack)).toMatchObject({
      observation: { vitals: { hr: 72, spo2: 97, temp: 310.15 - 273.15, resp: 15, abpSys: 121 }, batteryPercent: 81, firmware: '2.4.1' },
    })
  })

  it('a base value is added, and is a value by itself', () => {
    expect(decode([{ bn: 'd:', bv: 100, n: 'hr', v: -28 }, { n: 'spo2' }])).toMatchObject({
      observation: { vitals: { hr: 72, spo2: 100 } },
    })
  })

  it('a sentinel in the unit it was sent in is marked', () => {
    expect(decode([{ n: 'temp', u: 'degF', v: 0 }])).toMatchObject({ observation: { vitals: {}, sentinels: { temp: 0 } } })
  })

  it('relative times count from the moment of arrival', () => {
    expect(decode([{ n: 'hr', v: 72, t: -5 }])).toMatchObject({ observation: { deviceTime: at - 5_000 } })
    expect(decode([{ n: 'hr', v: 72, t: 86_400 }])).toMatchObject({ observation: { deviceTime: at + 300_000 } })
  })

  it.each<[string, string, unknown]>([
    ['no-vitals', 'an empty pack', []],
    ['no-vitals', 'base fields only', [{ bn: 'x:', bt: 1.3e9 }]],
    ['bad-senml', 'a record that is not one', [7]],
    ['bad-senml', 'two values', [{ n: 'hr', v: 1, vs: 'x' }]],
    ['bad-senml', 'a text for a number', [{ n: 'hr', v: '72' }]],
    ['bad-senml', 'an infinite value', '[{"n":"hr","v":1e999}]'],
    ['bad-senml', 'no name', [{ v: 72 }]],
    ['bad-senml', 'a name that SenML forbids', [{ n: '_hr', v: 72 }]],
    ['bad-senml', 'a last part that is no name', [{ n: 'a/__proto__', v: 72 }]],
    ['bad-senml', 'a heart rate in degrees', [{ n: 'hr', u: 'Cel', v: 72 }]],
    ['bad-senml', 'a unit of the object prototype', [{ n: 'hr', u: 'constructor', v: 72 }]],
    ['bad-senml', 'a newer version', [{ bver: 11, n: 'hr', v: 72 }]],
    ['bad-senml', 'a label that must be understood', [{ n: 'hr', v: 72, new_: 1 }]],
    ['bad-timestamp', 'a time before 1970', [{ n: 'hr', v: 72, t: -1e12 }]],
    ['bad-timestamp', 'a time after 2100', [{ n: 'hr', v: 72, t: 5e9 }]],
    ['too-many-vitals', '257 records', Array.from({ length: 257 }, () => ({ n: 'hr', v: 1 }))],
    ['too-many-vitals', '65 vitals', Array.from({ length: 65 }, (_, i) => ({ n: `v${i}`, v: 1 }))],
  ])('%s: %s', (reason, _, pack) => {
    expect(decode(pack)).toMatchObject({ outcome: 'deadLetter', reason })
  })
})
