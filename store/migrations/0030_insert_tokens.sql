-- A ClickHouse server remembers the tokens of so many last inserts of a table: an insert whose answer was lost, and which is sent again, lands once.
-- (Replicated tables remember by themselves: replicated_deduplication_window. The embedded engine asks for none of it.)
ALTER TABLE readings MODIFY SETTING non_replicated_deduplication_window = 1000;

ALTER TABLE redeliveries MODIFY SETTING non_replicated_deduplication_window = 1000;

ALTER TABLE sessions MODIFY SETTING non_replicated_deduplication_window = 1000;

ALTER TABLE postures MODIFY SETTING non_replicated_deduplication_window = 1000;

ALTER TABLE dead_letters MODIFY SETTING non_replicated_deduplication_window = 1000;

ALTER TABLE findings MODIFY SETTING non_replicated_deduplication_window = 1000;

ALTER TABLE cases MODIFY SETTING non_replicated_deduplication_window = 1000;
