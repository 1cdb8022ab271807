-- For plots, and kept longer than the readings. Not a materialised view: that would be written beside the readings, not with them, and a
-- kill in between would count twice or never. Each minute is computed anew from the readings whenever one landed in it; `count` only
-- grows, so the row with the largest count is the truth however often it was computed. Read with FINAL.
CREATE TABLE IF NOT EXISTS readings_by_minute
(
    device LowCardinality(String),
    vital LowCardinality(String),
    minute DateTime('UTC'),
    site LowCardinality(String),
    min Float64,
    max Float64,
    sum Float64,
    count UInt64
)
ENGINE = ReplacingMergeTree(count)
PARTITION BY toYYYYMM(minute)
ORDER BY (device, vital, minute)
TTL minute + toIntervalDay(730)
SETTINGS materialize_ttl_recalculate_only = 1;

CREATE TABLE IF NOT EXISTS rollup_marks
(
    name LowCardinality(String),
    landed_up_to DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(landed_up_to)
ORDER BY name;
