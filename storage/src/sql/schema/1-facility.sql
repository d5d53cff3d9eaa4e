-- What the facility file declares.
--
-- There are no foreign keys: rows may arrive in any order, and a removed project keeps its datasets.

CREATE SCHEMA IF NOT EXISTS beamlive;

CREATE TABLE IF NOT EXISTS beamlive.project (
    id bigint PRIMARY KEY,
    username text,
    name text,
    can_sign boolean,
    created timestamptz,
    modified timestamptz
);
COMMENT ON TABLE beamlive.project IS 'Projects: the accounts that own what is measured.';
COMMENT ON COLUMN beamlive.project.id IS 'Its id.';
COMMENT ON COLUMN beamlive.project.username IS 'What clients send; unique.';
COMMENT ON COLUMN beamlive.project.name IS 'Its name, for people.';
COMMENT ON COLUMN beamlive.project.can_sign IS 'Whether it has a key that signs requests. The key itself is not here.';
COMMENT ON COLUMN beamlive.project.created IS 'When it was declared.';
COMMENT ON COLUMN beamlive.project.modified IS 'When it last changed.';

CREATE TABLE IF NOT EXISTS beamlive.person (
    id bigint PRIMARY KEY,
    username text,
    name text,
    email text,
    active boolean,
    staff text,
    project_ids bigint[],
    created timestamptz,
    modified timestamptz
);
COMMENT ON TABLE beamlive.person IS 'Persons: accounts that act for projects. Passwords are not here.';
COMMENT ON COLUMN beamlive.person.id IS 'Its id.';
COMMENT ON COLUMN beamlive.person.username IS 'What clients send; no project has it.';
COMMENT ON COLUMN beamlive.person.name IS 'Their name.';
COMMENT ON COLUMN beamlive.person.email IS 'Their address; empty when unknown.';
COMMENT ON COLUMN beamlive.person.active IS 'Whether they may sign in.';
COMMENT ON COLUMN beamlive.person.staff IS 'viewer or operator; null for everyone else.';
COMMENT ON COLUMN beamlive.person.project_ids IS 'The projects that they are a member of.';
COMMENT ON COLUMN beamlive.person.created IS 'When they were declared.';
COMMENT ON COLUMN beamlive.person.modified IS 'When their record last changed.';

CREATE TABLE IF NOT EXISTS beamlive.beamline (
    id bigint PRIMARY KEY,
    acronym text,
    name text,
    active boolean,
    simulated boolean,
    energy_low double precision,
    energy_high double precision,
    contact text
);
COMMENT ON TABLE beamlive.beamline IS 'Beamlines.';
COMMENT ON COLUMN beamlive.beamline.id IS 'Its id.';
COMMENT ON COLUMN beamlive.beamline.acronym IS 'What clients send; unique.';
COMMENT ON COLUMN beamlive.beamline.name IS 'Its name, for people.';
COMMENT ON COLUMN beamlive.beamline.active IS 'Whether it takes users now.';
COMMENT ON COLUMN beamlive.beamline.simulated IS 'Whether it has no X-ray beam.';
COMMENT ON COLUMN beamlive.beamline.energy_low IS 'The lowest energy, in keV.';
COMMENT ON COLUMN beamlive.beamline.energy_high IS 'The highest energy, in keV.';
COMMENT ON COLUMN beamlive.beamline.contact IS 'How users reach its staff; empty when unknown.';

CREATE TABLE IF NOT EXISTS beamlive.data_type (
    id bigint PRIMARY KEY,
    acronym text,
    name text,
    aliases text[],
    metadata text[]
);
COMMENT ON TABLE beamlive.data_type IS 'Types of datasets, such as DATA or RASTER.';
COMMENT ON COLUMN beamlive.data_type.id IS 'Its id.';
COMMENT ON COLUMN beamlive.data_type.acronym IS 'Unique; the type of a dataset.';
COMMENT ON COLUMN beamlive.data_type.name IS 'Its name, for people.';
COMMENT ON COLUMN beamlive.data_type.aliases IS 'Other names that clients may send.';
COMMENT ON COLUMN beamlive.data_type.metadata IS 'The names of the metadata that pages show, in order.';

CREATE TABLE IF NOT EXISTS beamlive.container_type (
    id bigint PRIMARY KEY,
    name text,
    locations text[]
);
COMMENT ON TABLE beamlive.container_type IS 'Kinds of containers, such as pucks.';
COMMENT ON COLUMN beamlive.container_type.id IS 'Its id.';
COMMENT ON COLUMN beamlive.container_type.name IS 'Its name; unique.';
COMMENT ON COLUMN beamlive.container_type.locations IS 'The names of its locations, in order.';

CREATE TABLE IF NOT EXISTS beamlive.container (
    id bigint PRIMARY KEY,
    project_id bigint,
    name text,
    container_type_id bigint,
    status text,
    parent_id bigint,
    location text
);
COMMENT ON TABLE beamlive.container IS 'Containers of samples, and containers of containers.';
COMMENT ON COLUMN beamlive.container.id IS 'Its id.';
COMMENT ON COLUMN beamlive.container.project_id IS 'Its project.';
COMMENT ON COLUMN beamlive.container.name IS 'Its name; unique within the project.';
COMMENT ON COLUMN beamlive.container.container_type_id IS 'Its kind.';
COMMENT ON COLUMN beamlive.container.status IS 'draft, sent, on-site, returned or archived.';
COMMENT ON COLUMN beamlive.container.parent_id IS 'The container that holds it.';
COMMENT ON COLUMN beamlive.container.location IS 'Its location in that container.';
CREATE INDEX IF NOT EXISTS container_project ON beamlive.container (project_id);

CREATE TABLE IF NOT EXISTS beamlive.automounter (
    id bigint PRIMARY KEY,
    beamline_id bigint,
    container_id bigint,
    active boolean
);
COMMENT ON TABLE beamlive.automounter IS 'Which container the robot of a beamline holds.';
COMMENT ON COLUMN beamlive.automounter.id IS 'Its id.';
COMMENT ON COLUMN beamlive.automounter.beamline_id IS 'The beamline.';
COMMENT ON COLUMN beamlive.automounter.container_id IS 'The outermost container; others are in it.';
COMMENT ON COLUMN beamlive.automounter.active IS 'Whether it is in use: at most one of each beamline is.';

CREATE TABLE IF NOT EXISTS beamlive.sample_group (
    id bigint PRIMARY KEY,
    project_id bigint,
    name text,
    priority bigint
);
COMMENT ON TABLE beamlive.sample_group IS 'Groups of samples.';
COMMENT ON COLUMN beamlive.sample_group.id IS 'Its id.';
COMMENT ON COLUMN beamlive.sample_group.project_id IS 'Its project.';
COMMENT ON COLUMN beamlive.sample_group.name IS 'Its name; unique within the project.';
COMMENT ON COLUMN beamlive.sample_group.priority IS 'Lower comes first, null last.';

CREATE TABLE IF NOT EXISTS beamlive.sample (
    id bigint PRIMARY KEY,
    project_id bigint,
    container_id bigint,
    location text,
    name text,
    barcode text,
    comments text,
    sample_group_id bigint,
    priority bigint
);
COMMENT ON TABLE beamlive.sample IS 'Samples.';
COMMENT ON COLUMN beamlive.sample.id IS 'Its id.';
COMMENT ON COLUMN beamlive.sample.project_id IS 'Its project.';
COMMENT ON COLUMN beamlive.sample.container_id IS 'The container it is in.';
COMMENT ON COLUMN beamlive.sample.location IS 'Its location in the container.';
COMMENT ON COLUMN beamlive.sample.name IS 'Its name.';
COMMENT ON COLUMN beamlive.sample.barcode IS 'Empty when unknown.';
COMMENT ON COLUMN beamlive.sample.comments IS 'Empty when there are none.';
COMMENT ON COLUMN beamlive.sample.sample_group_id IS 'Its group.';
COMMENT ON COLUMN beamlive.sample.priority IS 'Lower comes first, null last.';
CREATE INDEX IF NOT EXISTS sample_project ON beamlive.sample (project_id);
CREATE INDEX IF NOT EXISTS sample_container ON beamlive.sample (container_id);

CREATE TABLE IF NOT EXISTS beamlive.access_list (
    id bigint PRIMARY KEY,
    name text,
    address text,
    project_ids bigint[],
    person_ids bigint[],
    beamline_ids bigint[],
    active boolean
);
COMMENT ON TABLE beamlive.access_list IS 'Who may use the hosts of one network.';
COMMENT ON COLUMN beamlive.access_list.id IS 'Its id.';
COMMENT ON COLUMN beamlive.access_list.name IS 'Its name; unique.';
COMMENT ON COLUMN beamlive.access_list.address IS 'An address, or a network in CIDR form.';
COMMENT ON COLUMN beamlive.access_list.project_ids IS 'The projects that may always use them.';
COMMENT ON COLUMN beamlive.access_list.person_ids IS 'The persons who may always use them.';
COMMENT ON COLUMN beamlive.access_list.beamline_ids IS 'The beamlines whose remote beamtimes count.';
COMMENT ON COLUMN beamlive.access_list.active IS 'Whether it is in use.';

CREATE TABLE IF NOT EXISTS beamlive.beamtime (
    id bigint PRIMARY KEY,
    project_id bigint,
    beamline_id bigint,
    start_time timestamptz,
    end_time timestamptz,
    remote boolean,
    cancelled boolean
);
COMMENT ON TABLE beamlive.beamtime IS 'Scheduled time.';
COMMENT ON COLUMN beamlive.beamtime.id IS 'Its id.';
COMMENT ON COLUMN beamlive.beamtime.project_id IS 'For which project.';
COMMENT ON COLUMN beamlive.beamtime.beamline_id IS 'At which beamline.';
COMMENT ON COLUMN beamlive.beamtime.start_time IS 'When it begins.';
COMMENT ON COLUMN beamlive.beamtime.end_time IS 'When it ends.';
COMMENT ON COLUMN beamlive.beamtime.remote IS 'Whether users work remotely.';
COMMENT ON COLUMN beamlive.beamtime.cancelled IS 'Whether it was cancelled.';
CREATE INDEX IF NOT EXISTS beamtime_project ON beamlive.beamtime (project_id, start_time);
CREATE INDEX IF NOT EXISTS beamtime_beamline ON beamlive.beamtime (beamline_id, start_time);
