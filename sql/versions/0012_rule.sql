-- Rules: what is checked, how grave it is, and what is said where it is broken.
set local lock_timeout = '5s';
set local search_path = chiso, public;

create table rule (
    code       text primary key,
    definition jsonb not null                           -- kind, severity, sentences, formula, version: ingest/rule.py
);
