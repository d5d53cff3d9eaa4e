-- What happened at the beamlines.

CREATE TABLE IF NOT EXISTS beamlive.session (
    id bigint PRIMARY KEY,
    project_id bigint,
    beamline_id bigint,
    name text,
    created timestamptz,
    stretches bigint,
    latest_start timestamptz,
    latest_end timestamptz,
    ended_seconds double precision
);
COMMENT ON TABLE beamlive.session IS 'Sessions: the visits of a project at a beamline.';
COMMENT ON COLUMN beamlive.session.id IS 'Its id.';
COMMENT ON COLUMN beamlive.session.project_id IS 'Its project.';
COMMENT ON COLUMN beamlive.session.beamline_id IS 'Its beamline.';
COMMENT ON COLUMN beamlive.session.name IS 'Its name. Several sessions of one name may follow each other.';
COMMENT ON COLUMN beamlive.session.created IS 'When it was first launched.';
COMMENT ON COLUMN beamlive.session.stretches IS 'The number of its stretches.';
COMMENT ON COLUMN beamlive.session.latest_start IS 'When its newest stretch began.';
COMMENT ON COLUMN beamlive.session.latest_end IS 'When its newest stretch ended; null while it is open.';
COMMENT ON COLUMN beamlive.session.ended_seconds IS 'The length of all ended stretches, in s.';
CREATE INDEX IF NOT EXISTS session_project ON beamlive.session (project_id, created);
CREATE INDEX IF NOT EXISTS session_beamline ON beamlive.session (beamline_id, created);

CREATE TABLE IF NOT EXISTS beamlive.stretch (
    session_id bigint,
    number bigint,
    start_time timestamptz,
    end_time timestamptz,
    PRIMARY KEY (session_id, number)
);
COMMENT ON TABLE beamlive.stretch IS 'Stretches: the continuous intervals of a session.';
COMMENT ON COLUMN beamlive.stretch.session_id IS 'Its session.';
COMMENT ON COLUMN beamlive.stretch.number IS 'Its number within the session, from 1.';
COMMENT ON COLUMN beamlive.stretch.start_time IS 'When it began.';
COMMENT ON COLUMN beamlive.stretch.end_time IS 'When it ended; null while it is open.';
CREATE INDEX IF NOT EXISTS stretch_start ON beamlive.stretch (start_time);

CREATE TABLE IF NOT EXISTS beamlive.dataset (
    id bigint PRIMARY KEY,
    project_id bigint,
    beamline_id bigint,
    session_id bigint,
    sample_id bigint,
    sample_group text,
    name text,
    type text,
    filename text,
    frames text,
    num_frames bigint,
    energy double precision,
    exposure double precision,
    attenuation double precision,
    beam_size double precision,
    start_time timestamptz,
    end_time timestamptz,
    uuid text,
    address inet,
    meta jsonb,
    created timestamptz,
    modified timestamptz
);
COMMENT ON TABLE beamlive.dataset IS 'Datasets.';
COMMENT ON COLUMN beamlive.dataset.id IS 'Its id, as uploads are answered.';
COMMENT ON COLUMN beamlive.dataset.project_id IS 'Its project.';
COMMENT ON COLUMN beamlive.dataset.beamline_id IS 'The beamline where it was measured.';
COMMENT ON COLUMN beamlive.dataset.session_id IS 'Its session; null if there was none.';
COMMENT ON COLUMN beamlive.dataset.sample_id IS 'The sample that was measured; null if unknown.';
COMMENT ON COLUMN beamlive.dataset.sample_group IS 'The name of the sample''s group at that time.';
COMMENT ON COLUMN beamlive.dataset.name IS 'Its name.';
COMMENT ON COLUMN beamlive.dataset.type IS 'The acronym of its data type.';
COMMENT ON COLUMN beamlive.dataset.filename IS 'The name of its file, or a template of the names of its files.';
COMMENT ON COLUMN beamlive.dataset.frames IS 'Its frames, as ranges: 1-4,8.';
COMMENT ON COLUMN beamlive.dataset.num_frames IS 'The number of frames.';
COMMENT ON COLUMN beamlive.dataset.energy IS 'Photon energy, in keV.';
COMMENT ON COLUMN beamlive.dataset.exposure IS 'Exposure of a frame, in s.';
COMMENT ON COLUMN beamlive.dataset.attenuation IS 'Attenuation of the beam, in %.';
COMMENT ON COLUMN beamlive.dataset.beam_size IS 'Size of the beam, in µm.';
COMMENT ON COLUMN beamlive.dataset.start_time IS 'When the measurement began.';
COMMENT ON COLUMN beamlive.dataset.end_time IS 'When the measurement ended.';
COMMENT ON COLUMN beamlive.dataset.uuid IS 'The client''s own id of the collection; all datasets of a run share it.';
COMMENT ON COLUMN beamlive.dataset.address IS 'From which address it was last uploaded.';
COMMENT ON COLUMN beamlive.dataset.meta IS 'All other fields of the upload.';
COMMENT ON COLUMN beamlive.dataset.created IS 'When it was first uploaded.';
COMMENT ON COLUMN beamlive.dataset.modified IS 'When it was last uploaded.';
CREATE INDEX IF NOT EXISTS dataset_start ON beamlive.dataset (start_time);
CREATE INDEX IF NOT EXISTS dataset_project ON beamlive.dataset (project_id, start_time);
CREATE INDEX IF NOT EXISTS dataset_session ON beamlive.dataset (session_id);
CREATE INDEX IF NOT EXISTS dataset_sample ON beamlive.dataset (sample_id);

CREATE TABLE IF NOT EXISTS beamlive.report (
    id bigint PRIMARY KEY,
    project_id bigint,
    beamline_id bigint,
    name text,
    kind text,
    score double precision,
    dataset_ids bigint[],
    session_ids bigint[],
    address inet,
    details jsonb,
    created timestamptz,
    modified timestamptz
);
COMMENT ON TABLE beamlive.report IS 'Analysis reports.';
COMMENT ON COLUMN beamlive.report.id IS 'Its id, as uploads are answered.';
COMMENT ON COLUMN beamlive.report.project_id IS 'Its project.';
COMMENT ON COLUMN beamlive.report.beamline_id IS 'The beamline from which it was uploaded.';
COMMENT ON COLUMN beamlive.report.name IS 'Its title.';
COMMENT ON COLUMN beamlive.report.kind IS 'The kind of analysis.';
COMMENT ON COLUMN beamlive.report.score IS 'Its score; 0 when none was given.';
COMMENT ON COLUMN beamlive.report.dataset_ids IS 'The datasets it is about.';
COMMENT ON COLUMN beamlive.report.session_ids IS 'The sessions of those datasets.';
COMMENT ON COLUMN beamlive.report.address IS 'From which address it was last uploaded.';
COMMENT ON COLUMN beamlive.report.details IS 'Its sections, as uploaded.';
COMMENT ON COLUMN beamlive.report.created IS 'When it was first uploaded.';
COMMENT ON COLUMN beamlive.report.modified IS 'When it was last uploaded.';
CREATE INDEX IF NOT EXISTS report_created ON beamlive.report (created);
CREATE INDEX IF NOT EXISTS report_project ON beamlive.report (project_id, created);
CREATE INDEX IF NOT EXISTS report_datasets ON beamlive.report USING gin (dataset_ids);

CREATE TABLE IF NOT EXISTS beamlive.connection (
    access_list_id bigint,
    account text,
    account_id bigint,
    name text,
    status text,
    created timestamptz,
    end_time timestamptz,
    history jsonb,
    PRIMARY KEY (access_list_id, account, account_id, name)
);
COMMENT ON TABLE beamlive.connection IS 'Remote connections, as the hosts report them.';
COMMENT ON COLUMN beamlive.connection.access_list_id IS 'The access list of the host.';
COMMENT ON COLUMN beamlive.connection.account IS 'Whose connection it is: project or person.';
COMMENT ON COLUMN beamlive.connection.account_id IS 'The id of that project or person.';
COMMENT ON COLUMN beamlive.connection.name IS 'Its name on that list.';
COMMENT ON COLUMN beamlive.connection.status IS 'Its newest status: Connected, Disconnected, Failed or Finished.';
COMMENT ON COLUMN beamlive.connection.created IS 'When it began.';
COMMENT ON COLUMN beamlive.connection.end_time IS 'When it finished or failed; null if it goes on.';
COMMENT ON COLUMN beamlive.connection.history IS 'Every event, by date: a list of {"status", "date"}.';
CREATE INDEX IF NOT EXISTS connection_created ON beamlive.connection (created);

CREATE TABLE IF NOT EXISTS beamlive.activity (
    id bigint PRIMARY KEY,
    time timestamptz,
    project_id bigint,
    subject text,
    record_id bigint,
    who text,
    address inet,
    action text,
    note text
);
COMMENT ON TABLE beamlive.activity IS 'The activity log: who did what, when, from which address. Uploads without remarks have no entry.';
COMMENT ON COLUMN beamlive.activity.id IS 'Its id.';
COMMENT ON COLUMN beamlive.activity.time IS 'When.';
COMMENT ON COLUMN beamlive.activity.project_id IS 'The project it concerns; null for none.';
COMMENT ON COLUMN beamlive.activity.subject IS 'The kind of record it is about: project, person, session, dataset, report, facility, access_list, outbox, feedback or container.';
COMMENT ON COLUMN beamlive.activity.record_id IS 'The id of that record; null for none.';
COMMENT ON COLUMN beamlive.activity.who IS 'A username, operator, survey, or the name of an access list.';
COMMENT ON COLUMN beamlive.activity.address IS 'The address of the client.';
COMMENT ON COLUMN beamlive.activity.action IS 'What was done, in a few words.';
COMMENT ON COLUMN beamlive.activity.note IS 'Details, as free text.';
CREATE INDEX IF NOT EXISTS activity_time ON beamlive.activity (time);
CREATE INDEX IF NOT EXISTS activity_project ON beamlive.activity (project_id, time);
