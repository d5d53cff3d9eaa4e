-- The store: opaque rows, as the embedded databases have them. Written by beamlive only.
CREATE SCHEMA IF NOT EXISTS beamlive;

CREATE TABLE beamlive.store_row (
    key bytea PRIMARY KEY,
    value bytea NOT NULL
);
COMMENT ON TABLE beamlive.store_row IS
    'The store of beamlive, for beamlive only. The other tables are for people.';

-- One row. Each group locks it, so groups follow one another.
CREATE TABLE beamlive.store_head (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    groups bigint NOT NULL DEFAULT 0,
    restoring boolean NOT NULL DEFAULT false,
    readable boolean NOT NULL DEFAULT true
);
COMMENT ON COLUMN beamlive.store_head.groups IS 'Number of groups of changes';
COMMENT ON COLUMN beamlive.store_head.restoring IS 'A restore has not ended';
COMMENT ON COLUMN beamlive.store_head.readable IS
    'Whether the tables for people are complete; beamlive sql rebuild makes them so';
INSERT INTO beamlive.store_head DEFAULT VALUES;

-- The newest groups: who wrote each, and which rows other nodes have to read again.
CREATE TABLE beamlive.store_group (
    number bigint PRIMARY KEY,
    node uuid NOT NULL,
    sequence bigint NOT NULL,
    keys bytea[]
);
COMMENT ON COLUMN beamlive.store_group.sequence IS
    'The number that the node gave the group: it tells whether a commit took effect';
COMMENT ON COLUMN beamlive.store_group.keys IS
    'Keys that other nodes have to read again; null: too many';
CREATE INDEX store_group_token ON beamlive.store_group (node, sequence);

-- The nodes that run, and those that ran.
CREATE TABLE beamlive.store_node (
    node uuid PRIMARY KEY,
    name text NOT NULL,
    version text NOT NULL,
    started timestamptz NOT NULL DEFAULT clock_timestamp(),
    seen timestamptz NOT NULL DEFAULT clock_timestamp()
);
