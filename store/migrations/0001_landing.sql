-- What the sink lands. Every row names the log record it came from: (log_topic, log_partition, log_offset) is unique in a table.
-- landed_at is one value an insert and grows from insert to insert, so an insert is one partition, one part, all of it or nothing;
-- and what is new since a moment is found by pruning parts. Retention counts from it: a device's or an edge's broken clock expires nothing.
-- min_bytes_for_wide_part: what was just inserted is one file, not one for each of 45 columns: half the cost of an insert.
-- fsync_after_insert: a power cut must not take rows whose landing position it left. The storage policy is the server's default.

CREATE TABLE IF NOT EXISTS readings
(
    device LowCardinality(String),
    site LowCardinality(String),
    model LowCardinality(String),
    session LowCardinality(String),
    at DateTime64(3, 'UTC') COMMENT 'device_time where it is believable (7 days before to 1 minute after received_at), else received_at',
    received_at DateTime64(3, 'UTC'),
    device_time Nullable(DateTime64(3, 'UTC')),
    seq Nullable(Int64),
    boot_id LowCardinality(String),
    firmware LowCardinality(String),
    battery_percent Nullable(Float32),
    hr Nullable(Float64), pulse Nullable(Float64), resp Nullable(Float64), spo2 Nullable(Float64), sao2 Nullable(Float64),
    temp Nullable(Float64), abpSys Nullable(Float64), abpDia Nullable(Float64), abpMean Nullable(Float64),
    nbpSys Nullable(Float64), nbpDia Nullable(Float64), nbpMean Nullable(Float64), glucose Nullable(Float64),
    etco2 Nullable(Float64), fio2 Nullable(Float64), gcs Nullable(Float64), urine Nullable(Float64),
    infusionRate Nullable(Float64), volumeInfused Nullable(Float64), linePressure Nullable(Float64),
    steps Nullable(Float64), skinTemp Nullable(Float64), ambientTemp Nullable(Float64),
    other_vitals Map(LowCardinality(String), Float64) COMMENT 'vitals without a column',
    sentinels Map(LowCardinality(String), Float64) COMMENT 'values that said "not connected"',
    bytes UInt32,
    payload_hash Int64,
    redelivered Bool COMMENT 'the MQTT DUP flag',
    log_topic LowCardinality(String),
    log_partition UInt16,
    log_offset UInt64,
    landed_at DateTime64(3, 'UTC'),
    INDEX received_at_range received_at TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toDate(landed_at)
ORDER BY (device, at)
TTL toDateTime(landed_at) + toIntervalDay(90)
SETTINGS fsync_after_insert = 1, min_bytes_for_wide_part = 268435456, ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1;

CREATE TABLE IF NOT EXISTS redeliveries
(
    device LowCardinality(String),
    received_at DateTime64(3, 'UTC'),
    device_time Nullable(DateTime64(3, 'UTC')),
    seq Nullable(Int64),
    bytes UInt32,
    payload_hash Int64,
    redelivered Bool,
    log_topic LowCardinality(String),
    log_partition UInt16,
    log_offset UInt64,
    landed_at DateTime64(3, 'UTC')
)
ENGINE = MergeTree
PARTITION BY toDate(landed_at)
ORDER BY (device, received_at)
TTL toDateTime(landed_at) + toIntervalDay(90)
SETTINGS fsync_after_insert = 1, ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1;

-- Landed from observations.by-source.v1, which has every session event; its copy in the device's own stream lands no second row.
CREATE TABLE IF NOT EXISTS sessions
(
    received_at DateTime64(3, 'UTC'),
    event LowCardinality(String),
    device Nullable(String),
    site LowCardinality(Nullable(String)),
    model LowCardinality(Nullable(String)),
    session String,
    address String,
    client_id Nullable(String),
    user_name Nullable(String),
    fingerprint Nullable(String),
    tls_version LowCardinality(Nullable(String)),
    cipher LowCardinality(Nullable(String)),
    reason LowCardinality(Nullable(String)),
    topic Nullable(String),
    amount Nullable(Float64),
    log_topic LowCardinality(String),
    log_partition UInt16,
    log_offset UInt64,
    landed_at DateTime64(3, 'UTC')
)
ENGINE = MergeTree
PARTITION BY toStartOfMonth(landed_at)
ORDER BY (received_at, event)
TTL toDateTime(landed_at) + toIntervalDay(365)
SETTINGS fsync_after_insert = 1, materialize_ttl_recalculate_only = 1;

CREATE TABLE IF NOT EXISTS postures
(
    device LowCardinality(String),
    site LowCardinality(String),
    model LowCardinality(String),
    session String,
    received_at DateTime64(3, 'UTC'),
    device_time Nullable(DateTime64(3, 'UTC')),
    change LowCardinality(String),
    subject String,
    `from` Nullable(String),
    `to` Nullable(String),
    actor Nullable(String),
    log_topic LowCardinality(String),
    log_partition UInt16,
    log_offset UInt64,
    landed_at DateTime64(3, 'UTC')
)
ENGINE = MergeTree
PARTITION BY toStartOfMonth(landed_at)
ORDER BY (device, received_at)
TTL toDateTime(landed_at) + toIntervalDay(365)
SETTINGS fsync_after_insert = 1, materialize_ttl_recalculate_only = 1;

CREATE TABLE IF NOT EXISTS dead_letters
(
    received_at DateTime64(3, 'UTC'),
    reason LowCardinality(String),
    detail String,
    device Nullable(String),
    site LowCardinality(Nullable(String)),
    leaf LowCardinality(Nullable(String)),
    session Nullable(String),
    payload_base64 String COMMENT 'the original bytes',
    payload String ALIAS base64Decode(payload_base64),
    log_topic LowCardinality(String),
    log_partition UInt16,
    log_offset UInt64,
    landed_at DateTime64(3, 'UTC')
)
ENGINE = MergeTree
PARTITION BY toDate(landed_at)
ORDER BY (reason, received_at)
TTL toDateTime(landed_at) + toIntervalDay(30)
SETTINGS fsync_after_insert = 1, ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1;

-- Written after the rows of a batch: everything below next_offset has landed.
CREATE TABLE IF NOT EXISTS landing_positions
(
    log_topic LowCardinality(String),
    log_partition UInt16,
    next_offset UInt64,
    landed_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(next_offset)
ORDER BY (log_topic, log_partition)
SETTINGS fsync_after_insert = 1;
