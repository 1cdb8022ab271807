import { expect } from 'vitest'
import { describeDetector } from '../stream/host/harness.ts'
import { second, session, times } from './stories/observations.ts'
import detector from './topic-abuse.ts'

const denied = (at: number, topic: string, reason: string, amount: number | null = null) =>
  session('aclDenied', second(at), { topic, reason, amount })

describeDetector(detector, {
  'two wildcard subscriptions are found': {
    given: [denied(0, '#', 'wildcard'), denied(1, '$SYS/#', 'wildcard')],
    finds: 1,
    why: /was denied 2 topics within 60 s, weighing 6 where under 6 is a slip; the last was a wildcard or system topic, "\$SYS\/#"/,
    check: ([finding]) => expect(finding!.severity).toBe('high'),
  },
  'publishing as other devices is found at the third': {
    given: times(3, (i) => denied(i, `v1/north/pump-${i}/telemetry`, 'publish-denied')),
    finds: 1,
  },
  'one wildcard is somebody trying a tool': { given: [denied(0, '#', 'wildcard')], finds: 0 },
  'one denied publish of a misconfigured device is none': { given: [denied(0, 'telemetry/monitor-1', 'publish-denied')], finds: 0 },
  'a misconfigured device that retries each quarter minute is none': {
    given: times(60, (i) => denied(i * 15, 'telemetry/monitor-1', 'publish-denied')),
    finds: 0,
  },
  'its own topic under the wrong site weighs like a slip': {
    given: times(5, (i) => denied(i, 'v1/south/monitor-1/telemetry', 'publish-denied')),
    finds: 0,
  },
  'a shared subscription counts as a wildcard': { given: times(2, (i) => denied(i, '$share/g/v1/x', 'shared-subscription')), finds: 1 },
  'denials told as one count as many': { given: [denied(0, 'a', 'publish-denied', 1), denied(1, 'a', 'publish-denied', 40)], finds: 1 },
  'an abuse that goes on is told once a minute': { given: times(180, (i) => denied(i, '#', 'wildcard')), finds: 3 },
  'a granted subscription is none': {
    given: times(20, (i) => session('subscribe', second(i), { topic: 'v1/north/monitor-1/command' })),
    finds: 0,
  },
})
