#!/bin/sh
# Patroni runs this once, on the host that makes the cluster: /etc/patroni/create-database.sh.
# Its argument is the address of the new server.
set -eu
psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --set=password="$BEAMLIVE_DATABASE_PASSWORD" "$1" <<'SQL'
CREATE ROLE beamlive LOGIN PASSWORD :'password';
CREATE DATABASE beamlive OWNER beamlive ENCODING 'UTF8' LOCALE 'C.UTF-8' TEMPLATE template0;
SQL
