CREATE TABLE IF NOT EXISTS findings
(
    id String,
    detector LowCardinality(String),
    version UInt32,
    title LowCardinality(String),
    key String,
    device String,
    site LowCardinality(Nullable(String)),
    severity Enum8('low' = 1, 'medium' = 2, 'high' = 3, 'critical' = 4),
    score Float64,
    attack Array(LowCardinality(String)),
    controls Array(LowCardinality(String)),
    why String,
    evidence String COMMENT 'JSON: feature, observed, expected, unit',
    at DateTime64(3, 'UTC'),
    source_topic LowCardinality(String),
    source_partition UInt16,
    source_offset UInt64,
    source_index UInt32,
    decoder_version UInt32,
    log_topic LowCardinality(String),
    log_partition UInt16,
    log_offset UInt64,
    landed_at DateTime64(3, 'UTC')
)
ENGINE = MergeTree
PARTITION BY toStartOfMonth(landed_at)
ORDER BY (at, id)
TTL toDateTime(landed_at) + toIntervalDay(730)
SETTINGS fsync_after_insert = 1, materialize_ttl_recalculate_only = 1;

-- The evidence chain: kept, no TTL. `event` is the event as it stands in the log, so that the hashes can be checked from here as well.
CREATE TABLE IF NOT EXISTS cases
(
    sequence UInt64,
    type LowCardinality(String),
    recorded_at DateTime64(3, 'UTC'),
    actor String,
    alert String,
    finding String,
    detector LowCardinality(String),
    title LowCardinality(String),
    device String,
    site LowCardinality(Nullable(String)),
    severity Enum8('low' = 1, 'medium' = 2, 'high' = 3, 'critical' = 4),
    score Float64,
    why String,
    at DateTime64(3, 'UTC'),
    previous FixedString(64),
    hash FixedString(64),
    event String,
    log_topic LowCardinality(String),
    log_partition UInt16,
    log_offset UInt64,
    landed_at DateTime64(3, 'UTC')
)
ENGINE = MergeTree
ORDER BY (alert, sequence)
SETTINGS fsync_after_insert = 1;

-- Alerts are the fold of the cases, so they cannot disagree with the chain and nothing has to be landed twice.
CREATE VIEW IF NOT EXISTS alerts AS
SELECT
    alert AS id,
    argMax(c.detector, c.sequence) AS detector,
    argMax(c.title, c.sequence) AS title,
    argMax(c.device, c.sequence) AS device,
    argMax(c.site, c.sequence) AS site,
    max(c.severity) AS severity,
    max(c.score) AS score,
    count() AS count,
    min(c.at) AS first_seen,
    max(c.at) AS last_seen,
    'new' AS state,
    argMax(c.why, c.sequence) AS why,
    max(c.sequence) AS sequence
FROM cases AS c
GROUP BY alert;
