-- The same with names in place of ids, for those who ask by name.

CREATE OR REPLACE VIEW beamlive.beamline_now AS
SELECT b.id AS beamline_id,
       b.acronym AS beamline,
       p.username AS project,
       s.name AS session,
       s.id AS session_id,
       s.latest_start AS since
FROM beamlive.beamline b
LEFT JOIN beamlive.session s ON s.beamline_id = b.id AND s.latest_end IS NULL
LEFT JOIN beamlive.project p ON p.id = s.project_id;
COMMENT ON VIEW beamlive.beamline_now IS 'Each beamline, and the session that has it now.';
COMMENT ON COLUMN beamlive.beamline_now.beamline_id IS 'The beamline.';
COMMENT ON COLUMN beamlive.beamline_now.beamline IS 'Acronym of the beamline.';
COMMENT ON COLUMN beamlive.beamline_now.project IS 'Username of the project that has it; null if it is free.';
COMMENT ON COLUMN beamlive.beamline_now.session IS 'Name of the session.';
COMMENT ON COLUMN beamlive.beamline_now.session_id IS 'The session.';
COMMENT ON COLUMN beamlive.beamline_now.since IS 'When its open stretch began.';

CREATE OR REPLACE VIEW beamlive.stretch_hours AS
SELECT t.session_id,
       t.number,
       s.name AS session,
       p.username AS project,
       b.acronym AS beamline,
       t.start_time,
       t.end_time,
       extract(epoch FROM coalesce(t.end_time, now()) - t.start_time)::double precision / 3600 AS hours
FROM beamlive.stretch t
LEFT JOIN beamlive.session s ON s.id = t.session_id
LEFT JOIN beamlive.project p ON p.id = s.project_id
LEFT JOIN beamlive.beamline b ON b.id = s.beamline_id;
COMMENT ON VIEW beamlive.stretch_hours IS 'Stretches, with names and lengths.';
COMMENT ON COLUMN beamlive.stretch_hours.session_id IS 'Its session.';
COMMENT ON COLUMN beamlive.stretch_hours.number IS 'Its number within the session, from 1.';
COMMENT ON COLUMN beamlive.stretch_hours.session IS 'Name of the session.';
COMMENT ON COLUMN beamlive.stretch_hours.project IS 'Username of the project.';
COMMENT ON COLUMN beamlive.stretch_hours.beamline IS 'Acronym of the beamline.';
COMMENT ON COLUMN beamlive.stretch_hours.start_time IS 'When it began.';
COMMENT ON COLUMN beamlive.stretch_hours.end_time IS 'When it ended; null while it is open.';
COMMENT ON COLUMN beamlive.stretch_hours.hours IS 'Its length in hours; until now while it is open.';

CREATE OR REPLACE VIEW beamlive.dataset_named AS
SELECT d.id,
       p.username AS project,
       b.acronym AS beamline,
       s.name AS session,
       x.name AS sample,
       c.name AS container,
       d.name,
       d.type,
       d.num_frames,
       d.energy,
       d.exposure,
       d.start_time,
       d.end_time,
       d.meta
FROM beamlive.dataset d
LEFT JOIN beamlive.project p ON p.id = d.project_id
LEFT JOIN beamlive.beamline b ON b.id = d.beamline_id
LEFT JOIN beamlive.session s ON s.id = d.session_id
LEFT JOIN beamlive.sample x ON x.id = d.sample_id
LEFT JOIN beamlive.container c ON c.id = x.container_id;
COMMENT ON VIEW beamlive.dataset_named IS 'Datasets, with names.';
COMMENT ON COLUMN beamlive.dataset_named.id IS 'Its id.';
COMMENT ON COLUMN beamlive.dataset_named.project IS 'Username of the project.';
COMMENT ON COLUMN beamlive.dataset_named.beamline IS 'Acronym of the beamline.';
COMMENT ON COLUMN beamlive.dataset_named.session IS 'Name of the session.';
COMMENT ON COLUMN beamlive.dataset_named.sample IS 'Name of the sample.';
COMMENT ON COLUMN beamlive.dataset_named.container IS 'Name of the container that the sample is in now.';
COMMENT ON COLUMN beamlive.dataset_named.name IS 'Its name.';
COMMENT ON COLUMN beamlive.dataset_named.type IS 'The acronym of its data type.';
COMMENT ON COLUMN beamlive.dataset_named.num_frames IS 'The number of frames.';
COMMENT ON COLUMN beamlive.dataset_named.energy IS 'Photon energy, in keV.';
COMMENT ON COLUMN beamlive.dataset_named.exposure IS 'Exposure of a frame, in s.';
COMMENT ON COLUMN beamlive.dataset_named.start_time IS 'When the measurement began.';
COMMENT ON COLUMN beamlive.dataset_named.end_time IS 'When the measurement ended.';
COMMENT ON COLUMN beamlive.dataset_named.meta IS 'All other fields of the upload.';

CREATE OR REPLACE VIEW beamlive.report_named AS
SELECT r.id,
       p.username AS project,
       b.acronym AS beamline,
       r.name,
       r.kind,
       r.score,
       r.dataset_ids,
       r.created,
       r.modified
FROM beamlive.report r
LEFT JOIN beamlive.project p ON p.id = r.project_id
LEFT JOIN beamlive.beamline b ON b.id = r.beamline_id;
COMMENT ON VIEW beamlive.report_named IS 'Reports, with names.';
COMMENT ON COLUMN beamlive.report_named.id IS 'Its id.';
COMMENT ON COLUMN beamlive.report_named.project IS 'Username of the project.';
COMMENT ON COLUMN beamlive.report_named.beamline IS 'Acronym of the beamline.';
COMMENT ON COLUMN beamlive.report_named.name IS 'Its title.';
COMMENT ON COLUMN beamlive.report_named.kind IS 'The kind of analysis.';
COMMENT ON COLUMN beamlive.report_named.score IS 'Its score; 0 when none was given.';
COMMENT ON COLUMN beamlive.report_named.dataset_ids IS 'The datasets it is about.';
COMMENT ON COLUMN beamlive.report_named.created IS 'When it was first uploaded.';
COMMENT ON COLUMN beamlive.report_named.modified IS 'When it was last uploaded.';
