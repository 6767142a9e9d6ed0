-- Change as a product: what whoever looked at the store at one moment has to be told to know it as it is at another.
set local lock_timeout = '5s';
set local search_path = chiso, public;

-- What did the view `vintage` show to whoever looked at `moment`, when what was recorded by `recorded` was there? The rule is
-- that of the view, and a test holds the two against each other; the view keeps a text of its own because every reader of
-- figures stands on it, and has no need of the second clock.
create function vintage_known(recorded timestamptz, moment timestamptz) returns setof vintage
language sql stable parallel safe as $$
    select
        series_id,
        period_start,
        published_at as valid_from,
        lag(published_at) over (partition by series_id, period_start order by published_at desc) as valid_to,
        recorded_at,
        submission_id,
        document_id,
        data_from,
        data_to,
        status::text as status,
        withdrawn,
        value,
        reason,
        comment
    from (
        select
            *,
            lead(withdrawn, 1, true) over earlier as was_withdrawn,
            lead(value) over earlier as was_value,
            lead(status) over earlier as was_status,
            lead(data_from) over earlier as was_data_from,
            lead(data_to) over earlier as was_data_to
        from (
            select distinct on (series_id, period_start, published_at) *
            from chiso.observation
            where published_at <= moment and recorded_at <= recorded
            order by series_id, period_start, published_at desc, recorded_at desc
        ) as last_word
        window earlier as (partition by series_id, period_start order by published_at desc)
    ) as statement
    where withdrawn <> was_withdrawn
        or not withdrawn
        and (value, status, data_from, data_to) is distinct from (was_value, was_status, was_data_from, was_data_to)
$$;

-- What did the catalogue say before of an indicator or a reporting unit, and since?
create table redefinition (
    recorded_at timestamptz not null,
    thing       text        not null,                   -- indicator, reporting_unit
    code        text        not null,
    before      jsonb       not null,                   -- only what differs
    after       jsonb       not null,
    constraint redefined_once_at_a_time primary key (recorded_at, thing, code),
    constraint thing_is_known check (thing in ('indicator', 'reporting_unit'))
);
create trigger redefinition_is_append_only before update or delete on redefinition
    for each row execute function only_appended();

-- A redefinition is recorded under the lock of the ledger, so that one moment orders it among the batches.
create function redefinition_is_recorded() returns trigger
language plpgsql as $$
declare
    known timestamptz;
begin
    if not exists (
        select
        from was
        join became using (code)
        where to_jsonb(was) - 'position' <> to_jsonb(became) - 'position'
    ) then
        return null;
    end if;
    perform pg_advisory_xact_lock(hashtext('chiso ledger'));
    known := clock_timestamp();
    insert into chiso.redefinition
    select
        known,
        tg_table_name,
        code,
        jsonb_object_agg(told.name, to_jsonb(was) -> told.name),
        jsonb_object_agg(told.name, told.value)
    from was
    join became using (code)
    -- `position` follows from the names of all the others.
    cross join lateral jsonb_each(to_jsonb(became) - 'position') as told (name, value)
    where to_jsonb(was) -> told.name <> told.value
    group by code;
    return null;
end
$$;

create trigger redefinition_is_recorded after update on indicator
    referencing old table as was new table as became
    for each statement execute function redefinition_is_recorded();
create trigger redefinition_is_recorded after update on reporting_unit
    referencing old table as was new table as became
    for each statement execute function redefinition_is_recorded();

-- Who is told of changes by a signed POST. The secret is kept as it is, because every message is signed with it.
create table hook (
    id            bigint generated always as identity primary key,
    url           text        not null,
    secret        text        not null,
    selection     jsonb       not null,                 -- part of the key of a series -> codes; a part not named is not restricted
    kinds         text[],                               -- null: whatever kind of change
    created_by    text        not null,
    created_at    timestamptz not null,
    place         text        not null,                 -- the cursor up to which it was told, or of the message that waits
    told_at       timestamptz,                          -- when a message was taken last
    failures      integer     not null default 0,       -- in a row, of the message that waits
    failing_since timestamptz,
    why           text,                                 -- what the last failure was
    next_try_at   timestamptz not null,
    dead_at       timestamptz,                          -- given up; a ping that is taken brings it back
    constraint hook_failure_is_told
        check ((failures = 0) = (failing_since is null) and (failures = 0) = (why is null)),
    constraint hook_dies_of_failures check (dead_at is null or failures > 0)
);
