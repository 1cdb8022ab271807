-- `cases` takes every event of the chain: what people and time do to an alert, and suppressions. A column that an event of its type does
-- not have is empty. An action has no severity and no score of its own: before, it would have counted as 'low'.
ALTER TABLE cases MODIFY COLUMN IF EXISTS severity Nullable(Enum8('low' = 1, 'medium' = 2, 'high' = 3, 'critical' = 4));

ALTER TABLE cases MODIFY COLUMN IF EXISTS score Nullable(Float64);

ALTER TABLE cases
    ADD COLUMN IF NOT EXISTS opened Bool DEFAULT JSONExtractBool(event, 'opened') COMMENT 'the event opened its alert' AFTER alert,
    ADD COLUMN IF NOT EXISTS state LowCardinality(String) DEFAULT '' COMMENT 'what the event makes of the alert; empty: the state stays' AFTER opened,
    ADD COLUMN IF NOT EXISTS owner String DEFAULT '' COMMENT 'whose the event makes the alert; empty: nobody''s' AFTER state,
    ADD COLUMN IF NOT EXISTS verdict LowCardinality(String) DEFAULT '' AFTER owner,
    ADD COLUMN IF NOT EXISTS reason String DEFAULT '' COMMENT 'of a closing, a containment, a suppression; the words of a note' AFTER verdict,
    ADD COLUMN IF NOT EXISTS until Nullable(DateTime64(3, 'UTC')) COMMENT 'the end of a snooze or a suppression; when a clock that ran out was due' AFTER reason,
    ADD COLUMN IF NOT EXISTS follows String DEFAULT '' COMMENT 'the closed alert that an opened one follows' AFTER until,
    ADD COLUMN IF NOT EXISTS suppression String DEFAULT '' AFTER follows;

DROP VIEW IF EXISTS alerts;

-- The fold of `triage/group/alert-after.ts`. A hidden finding is no alert's, and counts in none.
CREATE VIEW IF NOT EXISTS alerts AS
SELECT
    alert AS id,
    argMaxIf(c.detector, c.sequence, c.type IN ('finding.folded', 'alert.raised')) AS detector,
    argMaxIf(c.title, c.sequence, c.type IN ('finding.folded', 'alert.raised')) AS title,
    argMaxIf(c.device, c.sequence, c.type IN ('finding.folded', 'alert.raised')) AS device,
    argMaxIf(tuple(c.site), c.sequence, c.type IN ('finding.folded', 'alert.raised')).1 AS site,
    assumeNotNull(maxIf(c.severity, c.type IN ('finding.folded', 'alert.raised'))) AS severity,
    assumeNotNull(maxIf(c.score, c.type IN ('finding.folded', 'alert.raised'))) AS score,
    countIf(c.type IN ('finding.folded', 'alert.raised')) AS count,
    minIf(c.at, c.type IN ('finding.folded', 'alert.raised')) AS first_seen,
    maxIf(c.at, c.type IN ('finding.folded', 'alert.raised')) AS last_seen,
    -- Who contains a new alert has seen it.
    multiIf(
        argMaxIf(c.state, c.sequence, c.state NOT IN ('', 'new')) != '' AND maxIf(c.sequence, c.state NOT IN ('', 'new')) > maxIf(c.sequence, c.state = 'new'),
        argMaxIf(c.state, c.sequence, c.state NOT IN ('', 'new')),
        maxIf(c.sequence, c.type = 'alert.contained') > maxIf(c.sequence, c.state = 'new'),
        'acknowledged',
        'new') AS state,
    nullIf(argMaxIf(c.owner, c.sequence, c.type IN ('alert.assigned', 'alert.undone')), '') AS owner,
    nullIf(argMaxIf(c.verdict, c.sequence, c.type IN ('alert.closed', 'alert.undone')), '') AS verdict,
    if(state = 'closed', nullIf(argMaxIf(c.reason, c.sequence, c.type = 'alert.closed'), ''), NULL) AS reason,
    if(state = 'closed', argMaxIf(c.actor, c.sequence, c.type = 'alert.closed'), NULL) AS closed_by,
    if(state = 'closed', maxIf(c.recorded_at, c.type = 'alert.closed'), NULL) AS closed_at,
    if(state = 'snoozed', argMaxIf(c.until, c.sequence, c.type IN ('alert.snoozed', 'alert.undone')), NULL) AS snoozed_until,
    minIf(c.recorded_at, c.type IN ('finding.folded', 'alert.raised')) AS opened_at,
    countIf(c.type = 'alert.noted') AS notes,
    countIf(c.type = 'alert.breached') AS breaches,
    nullIf(maxIf(c.follows, c.opened), '') AS previous,
    argMaxIf(c.why, c.sequence, c.type IN ('finding.folded', 'alert.raised')) AS why,
    max(c.sequence) AS sequence
FROM cases AS c
WHERE c.alert != ''
GROUP BY alert
HAVING count > 0;
