-- Layouts: how the tables read that a statistical office sends again and again with rows and columns moved.
set local lock_timeout = '5s';
set local search_path = chiso, public;

create table layout (
    code       text primary key,
    definition jsonb not null                           -- title, headings, rows, version: ingest/layout.py
);
