-- A build, named by its uid wherever it is copied to; `build` is its short key in this database. `origin` tells where it was
-- copied from, `source` what its own worker says it was made from. `problem` is
-- the build's own (why it failed where no step did), `what_is_missing` the copy's (why it is not complete).
CREATE TABLE builds (
    build bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uid text NOT NULL UNIQUE,
    number bigint NOT NULL,
    epoch text NOT NULL,
    state text NOT NULL CHECK (state IN ('running', 'complete', 'incomplete', 'disputed')),
    status text NOT NULL,
    result text,
    problem text NOT NULL DEFAULT '',
    what_is_missing text NOT NULL DEFAULT '',
    origin text NOT NULL,
    source text NOT NULL,
    runtime text NOT NULL,
    environment text NOT NULL,
    started_ns bigint,
    finished_ns bigint,
    first_copied_ns bigint NOT NULL,
    last_copied_ns bigint NOT NULL
);

CREATE INDEX builds_by_number ON builds (number);

CREATE INDEX builds_by_start ON builds (started_ns);

-- `copied_to`: every line up to this ID is in log_lines, or its absence is in gaps. Written with the lines, in one transaction.
CREATE TABLE steps (
    build bigint NOT NULL REFERENCES builds (build),
    step bigint NOT NULL,
    stage text NOT NULL,
    name text NOT NULL,
    type text NOT NULL,
    status text NOT NULL,
    reason text NOT NULL,
    skipped boolean NOT NULL,
    exit_code integer,
    started_ns bigint,
    finished_ns bigint,
    last_log_id bigint,
    copied_to bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (build, step)
);

CREATE TABLE status_events (
    build bigint NOT NULL,
    step bigint NOT NULL,
    event_id bigint NOT NULL,
    status text NOT NULL,
    at_ns bigint,
    PRIMARY KEY (build, step, event_id),
    FOREIGN KEY (build, step) REFERENCES steps (build, step)
);

CREATE TABLE artifacts (
    build bigint NOT NULL,
    step bigint NOT NULL,
    artifact_id bigint NOT NULL,
    name text NOT NULL,
    PRIMARY KEY (build, step, artifact_id),
    FOREIGN KEY (build, step) REFERENCES steps (build, step)
);

-- `raw` holds the message's bytes where they are no UTF-8 or contain NUL; `message` is then only for reading.
CREATE TABLE log_lines (
    build bigint NOT NULL,
    step bigint NOT NULL,
    log_id bigint NOT NULL,
    at_ns bigint,
    message text NOT NULL,
    raw bytea,
    PRIMARY KEY (build, step, log_id)
);

-- Lines come in roughly by time, so that a block-range index finds a time, and costs next to nothing per line.
CREATE INDEX log_lines_by_time ON log_lines USING brin (at_ns) WITH (pages_per_range = 32, autosummarize = on);

-- What is missing: `missing` IDs behind `after_log_id` (hole), lines that never had IDs (lost), a line that was cut off (torn).
CREATE TABLE gaps (
    build bigint NOT NULL,
    step bigint NOT NULL,
    after_log_id bigint NOT NULL,
    kind text NOT NULL,
    missing bigint NOT NULL,
    reason text NOT NULL,
    from_ns bigint,
    to_ns bigint,
    PRIMARY KEY (build, step, after_log_id, kind),
    FOREIGN KEY (build, step) REFERENCES steps (build, step)
);

-- The same line came with another text. What is stored stays; what was offered is kept here.
CREATE TABLE alarms (
    build bigint NOT NULL,
    step bigint NOT NULL,
    log_id bigint NOT NULL,
    offered_sha256 text NOT NULL,
    noticed_ns bigint NOT NULL,
    origin text NOT NULL,
    stored_at_ns bigint,
    stored_message text NOT NULL,
    offered_at_ns bigint,
    offered_message text NOT NULL,
    offered_raw bytea,
    PRIMARY KEY (build, step, log_id, offered_sha256)
);

-- Worker pods in Kubernetes that failed, hang, or vanished, with what the cluster said of them.
CREATE TABLE pod_reports (
    pod_uid text NOT NULL,
    kind text NOT NULL,
    noticed_ns bigint NOT NULL,
    namespace text NOT NULL,
    pod text NOT NULL,
    number bigint,
    reason text NOT NULL,
    message text NOT NULL,
    events text NOT NULL,
    log text NOT NULL,
    PRIMARY KEY (pod_uid, kind)
);

CREATE VIEW build_log AS
SELECT
    b.number AS build_number,
    b.uid AS build_uid,
    s.stage,
    s.name AS step_name,
    l.step,
    l.log_id,
    to_timestamp(0) + l.at_ns / 1000 * interval '1 microsecond' AS at,
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
    to_timestamp(0) + b.started_ns / 1000 * interval '1 microsecond' AS started,
    (b.finished_ns - b.started_ns) / 1000000000.0 AS seconds,
    (SELECT count(*) FROM steps AS s WHERE s.build = b.build) AS steps,
    (SELECT coalesce(sum(s.copied_to), 0) FROM steps AS s WHERE s.build = b.build)
        - (SELECT coalesce(sum(g.missing), 0) FROM gaps AS g WHERE g.build = b.build) AS lines,
    (SELECT count(*) FROM gaps AS g WHERE g.build = b.build) AS gaps,
    (SELECT count(*) FROM alarms AS a WHERE a.build = b.build) AS alarms
FROM builds AS b;
