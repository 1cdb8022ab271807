-- A fleet's devices connect all the time: each is in every granule, so an index that skips granules skips none (36 ms for a device's two weeks of a million
-- events). The projection keeps the rows once more in the order of the devices: a fifth of their bytes again, and its rows come and go with their part.
ALTER TABLE sessions ADD PROJECTION IF NOT EXISTS by_device (SELECT * ORDER BY device, received_at);

ALTER TABLE sessions MATERIALIZE PROJECTION IF EXISTS by_device;

ALTER TABLE sessions DROP INDEX IF EXISTS by_device;
