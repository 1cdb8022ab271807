-- What the desk asks by device or by address: without these a page of a quiet device's connections reads the whole table.
ALTER TABLE sessions
    ADD INDEX IF NOT EXISTS by_device device TYPE bloom_filter(0.01) GRANULARITY 1,
    ADD INDEX IF NOT EXISTS by_address address TYPE bloom_filter(0.01) GRANULARITY 1;

ALTER TABLE sessions MATERIALIZE INDEX IF EXISTS by_device;

ALTER TABLE sessions MATERIALIZE INDEX IF EXISTS by_address;

-- How many devices of a site were heard in a minute, and of how many readings; site '' and 0 devices: session events. A minute that has a row is one
-- in which the pipeline lived: only then is "nothing came" a zero. May be written again with more: the row with the largest count is the truth.
CREATE TABLE IF NOT EXISTS heard_by_minute
(
    site LowCardinality(String),
    minute DateTime('UTC'),
    devices UInt32,
    count UInt64
)
ENGINE = ReplacingMergeTree(count)
PARTITION BY toYYYYMM(minute)
ORDER BY (site, minute)
TTL minute + toIntervalDay(730)
SETTINGS materialize_ttl_recalculate_only = 1;

-- When and from where each device was last heard, as the desk holds it in memory; written once a minute, so that a start need not read a day's readings.
CREATE TABLE IF NOT EXISTS devices_heard
(
    device String,
    received_at DateTime64(3, 'UTC'),
    address String,
    landed_up_to DateTime64(3, 'UTC') COMMENT 'what landed until then is in here'
)
ENGINE = ReplacingMergeTree(landed_up_to)
ORDER BY device
TTL toDateTime(received_at) + toIntervalDay(90)
SETTINGS materialize_ttl_recalculate_only = 1;
