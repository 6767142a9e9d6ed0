-- The audit: before and after, from where, and a chain that shows a broken link.
set local lock_timeout = '5s';
set local search_path = chiso, public;

alter table audit rename column detail to after;
alter table audit
    alter column after drop not null,
    add column before jsonb,                            -- what the act changed, as it was
    add column origin text;                             -- from where: an address, or the program
