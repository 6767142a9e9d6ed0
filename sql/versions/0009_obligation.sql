-- Who owes which return by when, and what became of it.
set local lock_timeout = '5s';
set local search_path = chiso, public;

alter table dataset
    add column owed_from    date,
    add column machine      boolean not null default false,
    add column about_others boolean not null default false;
