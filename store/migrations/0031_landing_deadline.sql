-- An insert of the landing says in its `log_comment` until when it may begin, by the server's clock: one that a network held up for longer is refused, since
-- another sink may have landed the same rows meanwhile. What says nothing of it (the embedded engine, a person) is not asked.
ALTER TABLE readings ADD CONSTRAINT IF NOT EXISTS begun_in_time CHECK toInt64OrZero(extract(getSetting('log_comment'), '^wardwatch landing until ([0-9]+)$')) = 0
  OR toInt64OrZero(extract(getSetting('log_comment'), '^wardwatch landing until ([0-9]+)$')) >= toUnixTimestamp64Milli(now64(3));

ALTER TABLE redeliveries ADD CONSTRAINT IF NOT EXISTS begun_in_time CHECK toInt64OrZero(extract(getSetting('log_comment'), '^wardwatch landing until ([0-9]+)$')) = 0
  OR toInt64OrZero(extract(getSetting('log_comment'), '^wardwatch landing until ([0-9]+)$')) >= toUnixTimestamp64Milli(now64(3));

ALTER TABLE sessions ADD CONSTRAINT IF NOT EXISTS begun_in_time CHECK toInt64OrZero(extract(getSetting('log_comment'), '^wardwatch landing until ([0-9]+)$')) = 0
  OR toInt64OrZero(extract(getSetting('log_comment'), '^wardwatch landing until ([0-9]+)$')) >= toUnixTimestamp64Milli(now64(3));

ALTER TABLE postures ADD CONSTRAINT IF NOT EXISTS begun_in_time CHECK toInt64OrZero(extract(getSetting('log_comment'), '^wardwatch landing until ([0-9]+)$')) = 0
  OR toInt64OrZero(extract(getSetting('log_comment'), '^wardwatch landing until ([0-9]+)$')) >= toUnixTimestamp64Milli(now64(3));

ALTER TABLE dead_letters ADD CONSTRAINT IF NOT EXISTS begun_in_time CHECK toInt64OrZero(extract(getSetting('log_comment'), '^wardwatch landing until ([0-9]+)$')) = 0
  OR toInt64OrZero(extract(getSetting('log_comment'), '^wardwatch landing until ([0-9]+)$')) >= toUnixTimestamp64Milli(now64(3));

ALTER TABLE findings ADD CONSTRAINT IF NOT EXISTS begun_in_time CHECK toInt64OrZero(extract(getSetting('log_comment'), '^wardwatch landing until ([0-9]+)$')) = 0
  OR toInt64OrZero(extract(getSetting('log_comment'), '^wardwatch landing until ([0-9]+)$')) >= toUnixTimestamp64Milli(now64(3));

ALTER TABLE cases ADD CONSTRAINT IF NOT EXISTS begun_in_time CHECK toInt64OrZero(extract(getSetting('log_comment'), '^wardwatch landing until ([0-9]+)$')) = 0
  OR toInt64OrZero(extract(getSetting('log_comment'), '^wardwatch landing until ([0-9]+)$')) >= toUnixTimestamp64Milli(now64(3));

ALTER TABLE landing_positions ADD CONSTRAINT IF NOT EXISTS begun_in_time CHECK toInt64OrZero(extract(getSetting('log_comment'), '^wardwatch landing until ([0-9]+)$')) = 0
  OR toInt64OrZero(extract(getSetting('log_comment'), '^wardwatch landing until ([0-9]+)$')) >= toUnixTimestamp64Milli(now64(3));
