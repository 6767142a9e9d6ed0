-- In which order did figures come in? One row for each batch that changed the ledger, so that a reader can tell what is new
-- since it last looked, and whether anything is new at all, without reading the ledger.
set local lock_timeout = '5s';
set local search_path = chiso, public;

-- Batches are appended one at a time, under a lock that is held until they are committed. So recorded_at runs in the order in
-- which they become visible: whoever has seen a batch has seen all that are before it.
create table batch (
    recorded_at     timestamptz primary key,
    submission_id   bigint,                             -- null: demonstration figures were removed
    observations    bigint not null,
    first_published timestamptz,                        -- null: they were removed, which is public at once
    constraint batch_changed_something check (observations > 0)
);
create trigger batch_is_append_only before update or delete on batch
    for each row execute function only_appended();

insert into batch
select recorded_at, min(submission_id), count(*), min(published_at)
from observation
group by recorded_at;

-- A batch's rows lie together, in the order in which they came: the smallest of indexes finds them.
create index observation_by_batch on observation using brin (recorded_at) with (pages_per_range = 16);
-- What was recorded before it was public becomes public without a batch; such rows are few.
create index observation_by_end_of_embargo on observation (published_at) where published_at > recorded_at;

-- Which version of the data is this? The last batch, the last end of an embargo, the catalogue: nothing else changes an answer
-- about figures. Two transactions that are told the same version are told the same figures as of now. A batch counts once
-- something of it is public: that figures under embargo came is told by nothing before the embargo ends.
create function data_version() returns table (last_batch timestamptz, last_release timestamptz, catalogue timestamptz)
language sql stable as $$
    select
        (select max(recorded_at) from chiso.batch where first_published is null or first_published <= now()),
        (select max(published_at) from chiso.observation where published_at > recorded_at and published_at <= now()),
        (select max(loaded_at) from chiso.catalogue_version)
$$;
