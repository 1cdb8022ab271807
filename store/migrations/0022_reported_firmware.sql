-- What the device last said its firmware is: an alert shows it beside the registry's without reading a reading. Empty: it has not said.
ALTER TABLE devices_heard ADD COLUMN IF NOT EXISTS firmware String;
