import { expect, it } from 'vitest'
import { askFirst, type Coordinator } from './membership-coordinator.ts'

const request = { groupId: 'g', memberId: 'm' }

/** A coordinator that answers when the test says so, and what it was asked. */
const begin = (onJoining: () => Promise<void> = async () => {}) => {
  const asked: string[] = []
  const told: string[] = []
  const ago: number[] = []
  let closed = false
  const answers = { syncGroup: Promise.withResolvers<unknown>(), heartbeat: Promise.withResolvers<unknown>() }
  const bare: Coordinator = {
    joinGroup: async () => void asked.push('joinGroup'),
    syncGroup: async () => (asked.push('syncGroup'), answers.syncGroup.promise),
    heartbeat: async () => (asked.push('heartbeat'), answers.heartbeat.promise),
    leaveGroup: async ({ memberId }) => void asked.push(`leaveGroup ${memberId}`),
    findGroupCoordinator: async () => {},
  }
  const coordinator = askFirst(
    bare,
    { onJoining, onContact: (ms) => void ago.push(ms), onForgotten: () => void told.push('forgotten') },
    () => closed,
    () => void told.push('left'),
  )
  return { coordinator, bare, answers, asked, told, ago, close: () => void (closed = true) }
}

it('a membership that is closed while it is asked does not join', async () => {
  const gate = Promise.withResolvers<void>()
  const { coordinator, asked, close } = begin(() => gate.promise)
  const joining = coordinator.joinGroup(request)
  close()
  gate.resolve()
  await expect(joining).rejects.toThrow('this membership is closed')
  expect(asked).toEqual([])
})

it('one that is closed while it joins leaves its group again, and nobody takes it for a member', async () => {
  const { coordinator, answers, asked, told, ago, close } = begin()
  const syncing = coordinator.syncGroup(request)
  close()
  answers.syncGroup.resolve('assigned')
  await expect(syncing).rejects.toThrow('this membership is closed')
  expect(asked).toEqual(['syncGroup', 'leaveGroup m'])
  expect(told).toEqual(['left'])
  expect(ago).toEqual([])
})

it('what is heard counts from when it was asked', async () => {
  const { coordinator, answers, ago } = begin()
  const beating = coordinator.heartbeat(request)
  await new Promise((resolve) => setTimeout(resolve, 30))
  answers.heartbeat.resolve(null)
  await beating
  expect(ago).toHaveLength(1)
  expect(ago[0]).toBeGreaterThan(25)
})

it.each([
  ['UNKNOWN_MEMBER_ID', ['forgotten']],
  ['ILLEGAL_GENERATION', ['forgotten']],
  ['REBALANCE_IN_PROGRESS', []],
])('%s: %j', async (type, expected) => {
  const { coordinator, answers, told } = begin()
  answers.heartbeat.reject(Object.assign(new Error(type), { type }))
  await expect(coordinator.heartbeat(request)).rejects.toThrow(type)
  expect(told).toEqual(expected)
})

it('each coordinator is asked once, however often it is found', async () => {
  let asks = 0
  const { bare, coordinator } = begin(async () => void asks++)
  askFirst(
    bare,
    { onJoining: async () => void asks++, onContact: () => {}, onForgotten: () => {} },
    () => false,
    () => {},
  )
  await coordinator.joinGroup(request)
  expect(asks).toBe(1)
})
