/** A series in promtool's notation and its values, one each 15 s; it continues to the moment that is looked at when it is a `a+bxn`. */
export type Series = Readonly<Record<string, string>>

/** What an alert must see, and what comes near to it and must not be told. Looked at after `at`. */
export interface AlertStory {
  readonly at: string
  readonly hit: Series
  /** The labels beside `alertname` and `severity`. */
  readonly labels: Readonly<Record<string, string>>
  readonly summary: string
  readonly near: Series
}

const at = (role: string, process: string, more = ''): string => `instance="a:9464",role="${role}",process="${process}"${more}`
const edge = at('edge', 'edge-0@a')
const detect = at('detect', 'detect@a')
const sink = at('sink', 'sink@a')
const desk = at('desk', 'desk@a')
const edgeLabels = { instance: 'a:9464', role: 'edge', process: 'edge-0@a' }
const detectLabels = { instance: 'a:9464', role: 'detect', process: 'detect@a' }
const sinkLabels = { instance: 'a:9464', role: 'sink', process: 'sink@a' }
const deskLabels = { instance: 'a:9464', role: 'desk', process: 'desk@a' }
const processOf = ({ instance, process }: typeof detectLabels) => ({ instance, process })
const roles = (...names: string[]): Series => Object.fromEntries(names.map((name) => [`wardwatch_role_up{role="${name}"}`, '1x200']))
const day = 86_400

/** A story for every rule of deploy/prometheus/rules. Clocks begin at 0. */
export const alertStories: Readonly<Record<string, AlertStory>> = {
  WardwatchMachineUnreachable: {
    at: '3m',
    hit: { 'up{job="wardwatch",instance="a:9464"}': '1 1 0x20' },
    labels: { job: 'wardwatch', instance: 'a:9464' },
    summary: 'a:9464 has not answered a scrape for a minute',
    near: { 'up{job="wardwatch",instance="a:9464"}': '0 0 0 1x20', 'up{job="prometheus",instance="b"}': '0x20' },
  },
  WardwatchNoRole: {
    at: '3m',
    hit: { ...roles('edge', 'sink', 'desk'), 'wardwatch_role_up{role="detect"}': '0x20' },
    labels: { role: 'detect' },
    summary: 'no detect runs anywhere',
    near: roles('edge', 'detect', 'hub'),
  },
  WardwatchRoleDown: {
    at: '3m',
    hit: { [`wardwatch_role_up{${edge}}`]: '1 1 0x20' },
    labels: edgeLabels,
    summary: 'edge-0@a at a:9464 has been down for a minute',
    near: { [`wardwatch_role_up{${edge}}`]: '1x8 0 0 1x10' },
  },
  WardwatchRoleSilent: {
    at: '3m',
    hit: { [`wardwatch_role_stats_age_seconds{${desk}}`]: '0+15x20' },
    labels: deskLabels,
    summary: 'desk@a at a:9464 runs and has said nothing for 3m 0s',
    near: { [`wardwatch_role_stats_age_seconds{${desk}}`]: '29x20' },
  },
  WardwatchRoleRestarting: {
    at: '15m',
    hit: { [`wardwatch_role_restarts_total{${edge}}`]: '0+1x5 5x100' },
    labels: edgeLabels,
    summary: 'edge-0@a at a:9464 was started again 5 times in 15 minutes',
    near: { [`wardwatch_role_restarts_total{${edge}}`]: '0+1x2 2x100' },
  },
  WardwatchMachineNameShared: {
    at: '3m',
    hit: { [`wardwatch_desk_machine_names_shared{${desk}}`]: '0 1x20' },
    labels: {},
    summary: '1 names are used by two machines each: what they tell of themselves is mixed',
    near: { [`wardwatch_desk_machine_names_shared{${desk}}`]: '0x4 1 1 0x20' },
  },
  WardwatchEdgeMemory: {
    at: '6m',
    hit: { [`wardwatch_process_resident_memory_bytes{${edge}}`]: '1700000000x40' },
    labels: edgeLabels,
    summary: 'edge-0@a at a:9464 takes 1.583GiB; by default it is restarted at 2 GiB',
    near: {
      [`wardwatch_process_resident_memory_bytes{${edge}}`]: '1500000000x40',
      [`wardwatch_process_resident_memory_bytes{${desk}}`]: '1700000000x40',
    },
  },
  WardwatchNothingAcknowledged: {
    at: '2m',
    hit: { [`wardwatch_edge_log_writable{${edge}}`]: '1 0x20' },
    labels: edgeLabels,
    summary: 'the log of edge-0@a at a:9464 takes nothing: no device there is acknowledged',
    near: { [`wardwatch_edge_log_writable{${edge}}`]: '1x6 0 1x20' },
  },
  WardwatchEdgeUnhearing: {
    at: '2m',
    hit: { [`wardwatch_edge_unheard{${edge},topic="commands.v1"}`]: '0 1x20' },
    labels: { ...edgeLabels, topic: 'commands.v1' },
    summary:
      'edge-0@a at a:9464 may not read commands.v1: its devices go on, and what is revoked, commanded or signed in elsewhere does not reach it',
    near: { [`wardwatch_edge_unheard{${edge},topic="commands.v1"}`]: '0x4 1 0x20' },
  },
  WardwatchConnectionsCrowdedOut: {
    at: '8m',
    hit: { [`wardwatch_edge_refusals_total{${edge},reason="connections-max"}`]: '0+1500x40' },
    labels: processOf(edgeLabels),
    summary: 'edge-0@a at a:9464 ends 100 connections a second for want of room: devices that come back may not get in',
    near: {
      [`wardwatch_edge_refusals_total{${edge},reason="connections-max"}`]: '0+1x40',
      [`wardwatch_edge_refusals_total{${edge},reason="no-certificate"}`]: '0+1500x40',
    },
  },
  WardwatchAcknowledgementsStalled: {
    at: '5m',
    hit: {
      [`wardwatch_edge_messages_in_flight{${edge}}`]: '3x40',
      [`wardwatch_edge_messages_acknowledged_total{${edge}}`]: '900x40',
    },
    labels: edgeLabels,
    summary: '3 messages wait at edge-0@a at a:9464 and none was acknowledged for a minute',
    near: {
      // A quiet edge, and one that works.
      [`wardwatch_edge_messages_in_flight{${edge}}`]: '0x40',
      [`wardwatch_edge_messages_acknowledged_total{${edge}}`]: '900x40',
      [`wardwatch_edge_messages_in_flight{${at('edge', 'edge-1@a')}}`]: '3x40',
      [`wardwatch_edge_messages_acknowledged_total{${at('edge', 'edge-1@a')}}`]: '0+1x40',
    },
  },
  WardwatchAcknowledgementsSlow: {
    at: '12m',
    hit: {
      [`wardwatch_edge_ack_latency_seconds_bucket{${edge},le="1"}`]: '0+90x80',
      [`wardwatch_edge_ack_latency_seconds_bucket{${edge},le="2.5"}`]: '0+100x80',
      [`wardwatch_edge_ack_latency_seconds_bucket{${edge},le="+Inf"}`]: '0+100x80',
    },
    labels: processOf(edgeLabels),
    summary: '1 of 100 acknowledgements of edge-0@a at a:9464 takes longer than 2.35s',
    near: {
      [`wardwatch_edge_ack_latency_seconds_bucket{${edge},le="1"}`]: '0+995x80',
      [`wardwatch_edge_ack_latency_seconds_bucket{${edge},le="2.5"}`]: '0+1000x80',
      [`wardwatch_edge_ack_latency_seconds_bucket{${edge},le="+Inf"}`]: '0+1000x80',
    },
  },
  WardwatchDevicesGone: {
    at: '26m',
    hit: { [`wardwatch_edge_devices_connected{${edge}}`]: '100x80 40x40' },
    labels: {},
    summary: '40 devices are connected, less than half of those of 15 minutes before',
    near: { [`wardwatch_edge_devices_connected{${edge}}`]: '100x80 51x40' },
  },
  WardwatchSessionObservationsDropped: {
    at: '10m',
    hit: { [`wardwatch_edge_session_observations_dropped_total{${edge}}`]: '0x10 30x60' },
    labels: edgeLabels,
    summary: 'edge-0@a at a:9464 dropped 30 session observations in 10 minutes: detectors did not see them',
    near: { [`wardwatch_edge_session_observations_dropped_total{${edge}}`]: '30x60' },
  },
  WardwatchBridgeDisconnected: {
    at: '4m',
    hit: { [`wardwatch_bridge_connected{${at('bridge', 'bridge-emqx@a')}}`]: '0x20' },
    labels: { instance: 'a:9464', role: 'bridge', process: 'bridge-emqx@a' },
    summary: 'bridge-emqx@a at a:9464 has had no connection to its broker for 2 minutes',
    near: { [`wardwatch_bridge_connected{${at('bridge', 'bridge-emqx@a')}}`]: '0x7 1 0x12' },
  },
  WardwatchKafkaAway: {
    at: '1m',
    hit: { [`wardwatch_log_broker_away_seconds{${edge}}`]: '0+15x20' },
    labels: edgeLabels,
    summary: 'Kafka has taken nothing from edge-0@a at a:9464 for 1m 0s',
    near: { [`wardwatch_log_broker_away_seconds{${edge}}`]: '0 15 30 0 0 0' },
  },
  WardwatchKafkaUnreadable: {
    at: '1m',
    hit: { [`wardwatch_log_read_away_seconds{${at('detect', 'detect@b')}}`]: '0+15x20' },
    labels: { instance: 'a:9464', role: 'detect', process: 'detect@b' },
    summary: 'detect@b at a:9464 has not been able to read something of Kafka for 1m 0s',
    near: { [`wardwatch_log_read_away_seconds{${at('detect', 'detect@b')}}`]: '0 15 30 0 0 0' },
  },
  WardwatchMessagesUnopened: {
    at: '10m',
    hit: { [`wardwatch_log_unopened_total{${at('detect', 'detect@b')}}`]: '0x4 3x60' },
    labels: { instance: 'a:9464', role: 'detect', process: 'detect@b' },
    summary: 'detect@b at a:9464 passed over 3 messages on Kafka in 15 minutes that do not open with the key of the log',
    near: { [`wardwatch_log_unopened_total{${at('detect', 'detect@b')}}`]: '3x60' },
  },
  WardwatchClockWrong: {
    at: '5m',
    hit: {
      [`wardwatch_log_clock_ahead_seconds{${edge}}`]: '0x40',
      [`wardwatch_log_clock_behind_seconds{${edge}}`]: '3600x40',
    },
    labels: processOf(edgeLabels),
    summary:
      'the clocks of a:9464 (edge-0@a) and of Kafka differ by 1h 0m 0s: times are wrong, and what is seen behind its time is found late',
    near: {
      [`wardwatch_log_clock_ahead_seconds{${edge}}`]: '4x40',
      [`wardwatch_log_clock_behind_seconds{${edge}}`]: '0x40',
    },
  },
  WardwatchCommitsFailing: {
    at: '11m',
    hit: { [`wardwatch_log_commit_failures_total{${edge},topic="commands.v1"}`]: '0+1x60' },
    labels: { ...edgeLabels, topic: 'commands.v1' },
    summary: '20 commits of edge-0@a at a:9464 to commands.v1 failed in 5 minutes',
    near: { [`wardwatch_log_commit_failures_total{${edge},topic="commands.v1"}`]: '0x5 1x60' },
  },
  WardwatchDiskFilling: {
    at: '12m',
    hit: { 'wardwatch_disk_free_bytes{instance="a:9464"}': '14x60', 'wardwatch_disk_size_bytes{instance="a:9464"}': '100x60' },
    labels: { instance: 'a:9464' },
    summary: 'the disk of the data directory at a:9464 has 14% left',
    near: { 'wardwatch_disk_free_bytes{instance="a:9464"}': '16x60', 'wardwatch_disk_size_bytes{instance="a:9464"}': '100x60' },
  },
  WardwatchDiskFull: {
    at: '3m',
    hit: { 'wardwatch_disk_free_bytes{instance="a:9464"}': '4x60', 'wardwatch_disk_size_bytes{instance="a:9464"}': '100x60' },
    labels: { instance: 'a:9464' },
    summary: 'the disk of the data directory at a:9464 has 4% left',
    near: { 'wardwatch_disk_free_bytes{instance="a:9464"}': '6x60', 'wardwatch_disk_size_bytes{instance="a:9464"}': '100x60' },
  },
  WardwatchDetectionBehind: {
    at: '6m',
    hit: {
      [`wardwatch_detect_watermark_timestamp_seconds{${detect},partition="0"}`]: '60x40',
      [`wardwatch_detect_watermark_timestamp_seconds{${detect},partition="1"}`]: '0+15x40',
      [`wardwatch_detect_lag_records{${detect},partition="0"}`]: '500x40',
      [`wardwatch_detect_lag_records{${detect},partition="1"}`]: '0x40',
    },
    labels: processOf(detectLabels),
    summary: 'detect@a at a:9464 is 5m 0s behind: what happens now is found that much later',
    near: {
      // Many records, but seconds old.
      [`wardwatch_detect_watermark_timestamp_seconds{${detect},partition="0"}`]: '0+15x40',
      [`wardwatch_detect_lag_records{${detect},partition="0"}`]: '90000x40',
    },
  },
  WardwatchNoClockRecords: {
    at: '6m',
    hit: {
      [`wardwatch_detect_watermark_timestamp_seconds{${detect},partition="0"}`]: '60x40',
      [`wardwatch_detect_lag_records{${detect},partition="0"}`]: '0x40',
    },
    labels: processOf(detectLabels),
    summary: 'no edge has written a clock record that detect@a at a:9464 saw for 5m 0s: silence is not noticed',
    near: {
      [`wardwatch_detect_watermark_timestamp_seconds{${detect},partition="0"}`]: '60x40',
      [`wardwatch_detect_lag_records{${detect},partition="0"}`]: '3x40',
    },
  },
  WardwatchRecordTimeAhead: {
    at: '5m',
    hit: { [`wardwatch_detect_watermark_timestamp_seconds{${detect},partition="0"}`]: '86700x40' },
    labels: processOf(detectLabels),
    summary: 'record time at detect@a at a:9464 is 1d 0h 0m 0s ahead: a clock is or was wrong, and silence may not be noticed',
    near: { [`wardwatch_detect_watermark_timestamp_seconds{${detect},partition="0"}`]: '359x40' },
  },
  WardwatchDetectorFaults: {
    at: '10m',
    hit: {
      [`wardwatch_detect_faults_total{${detect},detector="flood"}`]: '0 2x80',
      [`wardwatch_detect_faults_total{${detect},detector="replay"}`]: '0x80',
    },
    labels: { detector: 'flood' },
    summary: 'detector flood failed on 2 records in 15 minutes and skipped them',
    near: { [`wardwatch_detect_faults_total{${detect},detector="flood"}`]: '2x80' },
  },
  WardwatchCheckpointsFailing: {
    at: '10m',
    hit: { [`wardwatch_detect_checkpoints_failed_total{${detect}}`]: '0+1x80' },
    labels: detectLabels,
    summary: '40 checkpoints of detect@a at a:9464 failed in 10 minutes',
    near: { [`wardwatch_detect_checkpoints_failed_total{${detect}}`]: '7x80' },
  },
  WardwatchDeadLetters: {
    at: '25m',
    hit: {
      [`wardwatch_detect_records_total{${detect}}`]: '0+1100x120',
      [`wardwatch_detect_clock_records_total{${detect}}`]: '0+100x120',
      [`wardwatch_detect_dead_letters_total{${detect},reason="not-json"}`]: '0+20x120',
    },
    labels: {},
    summary: '2% of the messages can not be decoded',
    near: {
      [`wardwatch_detect_records_total{${detect}}`]: '0+1100x120',
      [`wardwatch_detect_clock_records_total{${detect}}`]: '0+100x120',
      [`wardwatch_detect_dead_letters_total{${detect},reason="not-json"}`]: '0+9x120',
    },
  },
  WardwatchRecordsMissed: {
    at: '10m',
    hit: { [`wardwatch_detect_retention_gaps_total{${detect}}`]: '0 0 2x80' },
    labels: detectLabels,
    summary: 'retention took records before detect@a at a:9464 read them, 2 times in an hour',
    near: { [`wardwatch_detect_retention_gaps_total{${detect}}`]: '2x80' },
  },
  WardwatchHistoryBehind: {
    at: '12m',
    hit: { [`wardwatch_sink_behind_seconds{${sink}}`]: '0+15x80' },
    labels: sinkLabels,
    summary: 'history is 12m 0s behind at a:9464; alerts are not',
    near: { [`wardwatch_sink_behind_seconds{${sink}}`]: '0+15x30 0x40' },
  },
  WardwatchHistoryNearRetention: {
    at: '1m',
    // A busy log that is cut by bytes: half an hour is half of what it keeps.
    hit: { [`wardwatch_sink_behind_seconds{${sink}}`]: '1800x10', [`wardwatch_sink_unlanded_ratio{${sink}}`]: '0.6x10' },
    labels: sinkLabels,
    summary: 'half of what the log keeps is not in history yet at a:9464: retention takes it next',
    near: {
      [`wardwatch_sink_behind_seconds{${sink}}`]: `${1.5 * day - 60}x10`,
      [`wardwatch_sink_unlanded_ratio{${sink}}`]: '0.5x10',
    },
  },
  WardwatchHistoryLost: {
    at: '10m',
    hit: { [`wardwatch_sink_retention_gap_records_total{${sink},topic="t",partition="0"}`]: '0 0 700x80' },
    labels: processOf(sinkLabels),
    summary: 'retention took 700 records in an hour before sink@a at a:9464 landed them',
    near: { [`wardwatch_sink_retention_gap_records_total{${sink},topic="t",partition="0"}`]: '700x80' },
  },
  WardwatchAlertsPastDue: {
    at: '8m',
    hit: { [`wardwatch_triage_alerts_past_due{${desk}}`]: '3x40' },
    labels: {},
    summary: '3 alerts are past their time to be acknowledged or contained',
    near: { [`wardwatch_triage_alerts_past_due{${desk}}`]: '3x20 0 3x20' },
  },
  WardwatchPagingFailing: {
    at: '8m',
    hit: { [`wardwatch_paging_notifiers_failing{${desk}}`]: '1x40', [`wardwatch_paging_notifiers_dead{${desk}}`]: '1x40' },
    labels: {},
    summary: '2 notifiers do not take pages',
    near: { [`wardwatch_paging_notifiers_failing{${desk}}`]: '1x15 0 1x16', [`wardwatch_paging_notifiers_dead{${desk}}`]: '0x40' },
  },
  WardwatchPagesGivenUp: {
    at: '30m',
    hit: { [`wardwatch_paging_pages_failed_total{${desk}}`]: '0x20 4x200' },
    labels: {},
    summary: '4 pages were given up in an hour: nobody was told',
    near: { [`wardwatch_paging_pages_failed_total{${desk}}`]: '4x200' },
  },
  WardwatchChainBroken: {
    at: '4m',
    hit: { [`wardwatch_triage_chain_broken{${desk}}`]: '0 1x20' },
    labels: deskLabels,
    summary: 'desk@a at a:9464 found the chain of case events broken, or could not read it',
    near: { [`wardwatch_triage_chain_broken{${desk}}`]: '0 1x6 0x20' },
  },
  WardwatchCertificateEnds: {
    at: '1m',
    hit: { 'wardwatch_certificate_expiry_timestamp_seconds{instance="a:9464",certificate="mqtt"}': `${29 * day + 60}x10` },
    labels: { instance: 'a:9464', certificate: 'mqtt' },
    summary: 'the certificate mqtt of a:9464 ends in 29d 0h 0m 0s',
    near: { 'wardwatch_certificate_expiry_timestamp_seconds{instance="a:9464",certificate="mqtt"}': `${31 * day}x10` },
  },
  WardwatchCertificateEndsSoon: {
    at: '1m',
    hit: { 'wardwatch_certificate_expiry_timestamp_seconds{instance="a:9464",certificate="mqtt"}': `${6 * day + 60}x10` },
    labels: { instance: 'a:9464', certificate: 'mqtt' },
    summary: 'the certificate mqtt of a:9464 ends in 6d 0h 0m 0s',
    near: { 'wardwatch_certificate_expiry_timestamp_seconds{instance="a:9464",certificate="mqtt"}': `${8 * day}x10` },
  },
}
