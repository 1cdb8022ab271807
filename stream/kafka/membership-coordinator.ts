import { isForgotten } from './kafka-failure.ts'
import type { MembershipOptions } from './kafka-ports.ts'

interface InGroup {
  readonly groupId: string
  readonly memberId: string
}

/** Of kafkajs's broker, as the coordinator of a group, what is asked of it. */
export interface Coordinator {
  asksFirst?: boolean
  joinGroup(request: unknown): Promise<unknown>
  syncGroup(request: InGroup): Promise<unknown>
  heartbeat(request: InGroup): Promise<unknown>
  leaveGroup(request: InGroup): Promise<unknown>
  findGroupCoordinator(request: { readonly groupId: string; readonly coordinatorType: number }): Promise<unknown>
}

/**
 * Has a coordinator ask before it joins and tell when the group has heard of the member: kafkajs tells of a rebalance, but does not wait, and says
 * when an answer came, not when it was asked. Once for each.
 *
 * @param isClosed whether the membership is not wanted any more, however far it has come
 * @param onLeft called when it had joined all the same and has left again
 */
export const askFirst = (
  coordinator: Coordinator,
  { onJoining, onContact, onForgotten }: Pick<MembershipOptions, 'onJoining' | 'onContact' | 'onForgotten'>,
  isClosed: () => boolean,
  onLeft: () => void,
): Coordinator => {
  if (coordinator.asksFirst === true) return coordinator
  coordinator.asksFirst = true
  const joinGroup = coordinator.joinGroup.bind(coordinator)
  const syncGroup = coordinator.syncGroup.bind(coordinator)
  const heartbeat = coordinator.heartbeat.bind(coordinator)
  const refuseClosed = (): void => {
    if (isClosed()) throw new Error('this membership is closed')
  }
  /** Brokers count a session from the question. */
  const contacting = async (ask: () => Promise<unknown>): Promise<unknown> => {
    const askedAtMs = performance.now()
    const answer = await ask()
    if (!isClosed()) onContact(performance.now() - askedAtMs)
    return answer
  }

  coordinator.joinGroup = async (request) => {
    refuseClosed()
    await onJoining()
    refuseClosed()
    return joinGroup(request)
  }
  coordinator.syncGroup = async (request) => {
    const answer = isClosed() ? null : await contacting(() => syncGroup(request))
    if (!isClosed()) return answer
    // It would be a member that nobody knows, with partitions that nobody reads.
    await coordinator.leaveGroup({ groupId: request.groupId, memberId: request.memberId }).catch(() => {})
    onLeft()
    return refuseClosed()
  }
  coordinator.heartbeat = async (request) => {
    try {
      return await contacting(() => heartbeat(request))
    } catch (error) {
      if (!isClosed() && isForgotten(error)) onForgotten()
      throw error
    }
  }
  return coordinator
}
