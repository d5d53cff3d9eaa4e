-- The store: opaque rows, as the embedded databases have them. Written by beamlive only.
CREATE SCHEMA IF NOT EXISTS beamlive_store;

CREATE TABLE beamlive_store.rows (
    key bytea PRIMARY KEY,
    value bytea NOT NULL
);
COMMENT ON TABLE beamlive_store.rows IS
    'The store of beamlive, for beamlive only. The schema beamlive is for people.';

-- One row. Each group locks it, so groups follow one another.
CREATE TABLE beamlive_store.head (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    groups bigint NOT NULL DEFAULT 0,
    restoring boolean NOT NULL DEFAULT false,
    readable boolean NOT NULL DEFAULT true
);
COMMENT ON COLUMN beamlive_store.head.groups IS 'Number of groups of changes';
COMMENT ON COLUMN beamlive_store.head.restoring IS 'A restore has not ended';
COMMENT ON COLUMN beamlive_store.head.readable IS
    'Whether the tables for people are complete; beamlive sql rebuild makes them so';
INSERT INTO beamlive_store.head DEFAULT VALUES;

-- The newest groups: who wrote each, and which rows other nodes have to read again.
CREATE TABLE beamlive_store.groups (
    number bigint PRIMARY KEY,
    node uuid NOT NULL,
    sequence bigint NOT NULL,
    keys bytea[]
);
COMMENT ON COLUMN beamlive_store.groups.sequence IS
    'The number that the node gave the group: it tells whether a commit took effect';
COMMENT ON COLUMN beamlive_store.groups.keys IS
    'Keys that other nodes have to read again; null: too many';
CREATE INDEX groups_token ON beamlive_store.groups (node, sequence);

-- The nodes that run, and those that ran.
CREATE TABLE beamlive_store.nodes (
    node uuid PRIMARY KEY,
    name text NOT NULL,
    version text NOT NULL,
    started timestamptz NOT NULL DEFAULT clock_timestamp(),
    seen timestamptz NOT NULL DEFAULT clock_timestamp()
);
