-- A build, named by its uid wherever it is copied to; `build` is its short key in this database. `origin` tells where it was
-- copied from, `source` what its own worker says it was made from. `problem` is
-- the build's own (why it failed where no step did), `what_is_missing` the copy's (why it is not complete).
CREATE TABLE builds (
    build INTEGER PRIMARY KEY,
    uid TEXT NOT NULL UNIQUE,
    number INTEGER NOT NULL,
    epoch TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'complete', 'incomplete', 'disputed')),
    status TEXT NOT NULL,
    result TEXT,
    problem TEXT NOT NULL DEFAULT '',
    what_is_missing TEXT NOT NULL DEFAULT '',
    origin TEXT NOT NULL,
    source TEXT NOT NULL,
    runtime TEXT NOT NULL,
    environment TEXT NOT NULL,
    started_ns INTEGER,
    finished_ns INTEGER,
    first_copied_ns INTEGER NOT NULL,
    last_copied_ns INTEGER NOT NULL
);

CREATE INDEX builds_by_number ON builds (number);

CREATE INDEX builds_by_start ON builds (started_ns);

-- `copied_to`: every line up to this ID is in log_lines, or its absence is in gaps. Written with the lines, in one transaction.
CREATE TABLE steps (
    build INTEGER NOT NULL REFERENCES builds (build),
    step INTEGER NOT NULL,
    stage TEXT NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    status TEXT NOT NULL,
    reason TEXT NOT NULL,
    skipped INTEGER NOT NULL,
    exit_code INTEGER,
    started_ns INTEGER,
    finished_ns INTEGER,
    last_log_id INTEGER,
    copied_to INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (build, step)
) WITHOUT ROWID;

CREATE TABLE status_events (
    build INTEGER NOT NULL,
    step INTEGER NOT NULL,
    event_id INTEGER NOT NULL,
    status TEXT NOT NULL,
    at_ns INTEGER,
    PRIMARY KEY (build, step, event_id),
    FOREIGN KEY (build, step) REFERENCES steps (build, step)
) WITHOUT ROWID;

CREATE TABLE artifacts (
    build INTEGER NOT NULL,
    step INTEGER NOT NULL,
    artifact_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (build, step, artifact_id),
    FOREIGN KEY (build, step) REFERENCES steps (build, step)
) WITHOUT ROWID;

-- `raw` holds the message's bytes where they are no UTF-8 or contain NUL; `message` is then only for reading.
CREATE TABLE log_lines (
    build INTEGER NOT NULL,
    step INTEGER NOT NULL,
    log_id INTEGER NOT NULL,
    at_ns INTEGER,
    message TEXT NOT NULL,
    raw BLOB,
    PRIMARY KEY (build, step, log_id)
) WITHOUT ROWID;

CREATE INDEX log_lines_by_time ON log_lines (build, at_ns);

-- What is missing: `missing` IDs behind `after_log_id` (hole), lines that never had IDs (lost), a line that was cut off (torn).
CREATE TABLE gaps (
    build INTEGER NOT NULL,
    step INTEGER NOT NULL,
    after_log_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    missing INTEGER NOT NULL,
    reason TEXT NOT NULL,
    from_ns INTEGER,
    to_ns INTEGER,
    PRIMARY KEY (build, step, after_log_id, kind),
    FOREIGN KEY (build, step) REFERENCES steps (build, step)
) WITHOUT ROWID;

-- The same line came with another text. What is stored stays; what was offered is kept here.
CREATE TABLE alarms (
    build INTEGER NOT NULL,
    step INTEGER NOT NULL,
    log_id INTEGER NOT NULL,
    offered_sha256 TEXT NOT NULL,
    noticed_ns INTEGER NOT NULL,
    origin TEXT NOT NULL,
    stored_at_ns INTEGER,
    stored_message TEXT NOT NULL,
    offered_at_ns INTEGER,
    offered_message TEXT NOT NULL,
    offered_raw BLOB,
    PRIMARY KEY (build, step, log_id, offered_sha256)
) WITHOUT ROWID;

-- Worker pods in Kubernetes that failed, hang, or vanished, with what the cluster said of them.
CREATE TABLE pod_reports (
    pod_uid TEXT NOT NULL,
    kind TEXT NOT NULL,
    noticed_ns INTEGER NOT NULL,
    namespace TEXT NOT NULL,
    pod TEXT NOT NULL,
    number INTEGER,
    reason TEXT NOT NULL,
    message TEXT NOT NULL,
    events TEXT NOT NULL,
    log TEXT NOT NULL,
    PRIMARY KEY (pod_uid, kind)
) WITHOUT ROWID;

CREATE VIEW build_log AS
SELECT
    b.number AS build_number,
    b.uid AS build_uid,
    s.stage,
    s.name AS step_name,
    l.step,
    l.log_id,
    strftime('%Y-%m-%dT%H:%M:%S', l.at_ns / 1000000000, 'unixepoch') || printf('.%09dZ', l.at_ns % 1000000000) AS at,
    l.at_ns,
    l.message,
    l.raw,
    l.build
FROM log_lines AS l
JOIN builds AS b ON b.build = l.build
JOIN steps AS s ON s.build = l.build AND s.step = l.step;

CREATE VIEW build_overview AS
SELECT
    b.build,
    b.number AS build_number,
    b.uid AS build_uid,
    b.state,
    b.status,
    b.problem,
    b.what_is_missing,
    b.origin,
    strftime('%Y-%m-%dT%H:%M:%SZ', b.started_ns / 1000000000, 'unixepoch') AS started,
    (b.finished_ns - b.started_ns) / 1000000000.0 AS seconds,
    (SELECT count(*) FROM steps AS s WHERE s.build = b.build) AS steps,
    (SELECT coalesce(sum(s.copied_to), 0) FROM steps AS s WHERE s.build = b.build)
        - (SELECT coalesce(sum(g.missing), 0) FROM gaps AS g WHERE g.build = b.build) AS lines,
    (SELECT count(*) FROM gaps AS g WHERE g.build = b.build) AS gaps,
    (SELECT count(*) FROM alarms AS a WHERE a.build = b.build) AS alarms
FROM builds AS b;
