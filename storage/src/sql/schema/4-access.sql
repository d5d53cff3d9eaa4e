-- Who may read. Tables are named one by one, so that no other table is ever granted by accident.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'beamlive_read') THEN
        BEGIN
            CREATE ROLE beamlive_read NOLOGIN;
        EXCEPTION
            WHEN insufficient_privilege THEN
                RAISE NOTICE 'beamlive may not create the role beamlive_read: see docs/SQL.md';
            WHEN duplicate_object OR unique_violation THEN
                NULL; -- Another database of this server has just created it.
        END;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'beamlive_read') THEN
        GRANT USAGE ON SCHEMA beamlive TO beamlive_read;
        GRANT SELECT ON
            beamlive.project, beamlive.person, beamlive.beamline, beamlive.data_type, beamlive.container_type,
            beamlive.container, beamlive.automounter, beamlive.sample_group, beamlive.sample,
            beamlive.access_list, beamlive.beamtime, beamlive.session, beamlive.stretch,
            beamlive.dataset, beamlive.report, beamlive.connection, beamlive.activity,
            beamlive.beamline_now, beamlive.stretch_hours, beamlive.dataset_named,
            beamlive.report_named
        TO beamlive_read;
    END IF;
END
$$;

COMMENT ON SCHEMA beamlive IS 'What beamlive knows, to be read; written by beamlive only: version 2.';
