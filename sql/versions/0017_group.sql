-- Which reporting units are asked for together? Regions, all provinces, ASEAN: what the files of the catalogue say now.
set local lock_timeout = '5s';
set local search_path = chiso, public;

create table reporting_unit_group (
    code       text primary key,
    definition jsonb not null                           -- its kinds, or who joined it, from when to when, by which document
);
