import { accountAddCommand, accountLinkCommand, accountListCommand } from './account.ts'
import { alertsCommand, alertsVerifyCommand } from './alerts.ts'
import { backtestCommand } from './backtest.ts'
import { capacityCommand } from './capacity.ts'
import { certificateCommand } from './certificate.ts'
import { clickhouseMigrateCommand, clickhouseUsersCommand } from './clickhouse.ts'
import type { Command } from './command.ts'
import { demoCommand } from './demo.ts'
import { deviceCommandCommand, deviceEnrolCommand, deviceListCommand, deviceRevokeCommand } from './device.ts'
import { kafkaAclsCommand, kafkaKeyCommand, kafkaTopicsCommand } from './kafka.ts'
import { queryCommand } from './query.ts'
import { replayCommand } from './replay.ts'
import { runCommand } from './run.ts'
import { simulateCommand } from './simulate.ts'

/** Every command, in the order in which `wardwatch help` lists them. */
export const commands: readonly Command[] = [
  runCommand,
  demoCommand,
  certificateCommand,
  deviceEnrolCommand,
  deviceRevokeCommand,
  deviceListCommand,
  deviceCommandCommand,
  accountAddCommand,
  accountLinkCommand,
  accountListCommand,
  simulateCommand,
  replayCommand,
  backtestCommand,
  alertsCommand,
  alertsVerifyCommand,
  queryCommand,
  capacityCommand,
  kafkaTopicsCommand,
  kafkaAclsCommand,
  kafkaKeyCommand,
  clickhouseUsersCommand,
  clickhouseMigrateCommand,
]
