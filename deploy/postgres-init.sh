#!/bin/bash
# Runs once, when the image makes a new cluster: a database of the gateway's own, and a role that can neither read files, nor run
# programs, nor make roles, so that SQL never reaches beyond its rows.
set -euo pipefail
psql --set ON_ERROR_STOP=1 --set password="$(cat /run/secrets/database-password)" <<'SQL'
create role gatehouse login nosuperuser nocreatedb nocreaterole noreplication nobypassrls password :'password';
create database gatehouse owner gatehouse;
revoke all on database gatehouse, postgres, template1 from public;
\connect gatehouse
revoke all on schema public from public;
SQL
