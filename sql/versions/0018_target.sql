-- What was promised, and what of it stood at which moment? Every vintage of a target stays, as every vintage of a figure does.
set local lock_timeout = '5s';
set local search_path = chiso, public;

-- What it held came from the files of the catalogue, which fill it again.
drop table target;

create table target (
    plan         text        not null,                  -- with the next three, the promise: whatever document states it
    indicator    text        not null references indicator,
    scope        text        not null,                  -- a reporting unit, or a level: each of its units
    period       text        not null,
    published_at timestamptz not null,                  -- from when it stood; -infinity: since before our records
    recorded_at  timestamptz not null default clock_timestamp(),
    withdrawn    boolean     not null default false,    -- no longer promised
    kind         text        not null,
    value        numeric     not null,
    sense        smallint    not null,                  -- kept from its value upwards (1) or downwards (-1)
    deadline     text,                                  -- as the document writes it
    last_day     date        not null,                  -- the last that is in time
    base_period  text,
    base_value   numeric,
    document     text        not null,
    words        text,                                  -- as the document has them
    note         text,
    primary key (plan, indicator, scope, period, published_at, recorded_at),
    constraint kind_is_known check (
        kind in ('at_least', 'at_most', 'change_from_base', 'top_n', 'zero_left', 'yes_all', 'path')
    ),
    constraint sense_is_one_way check (sense in (-1, 1))
);
create trigger target_is_append_only before update or delete on target
    for each row execute function only_appended();
create trigger target_is_never_emptied before truncate on target
    for each statement execute function only_appended();

-- What was promised at this moment? At most one row a promise; the rule is that of the figures.
create function target_as_of(moment timestamptz) returns setof target
language sql stable parallel safe as $$
    select *
    from (
        select distinct on (plan, indicator, scope, period) *
        from chiso.target
        where published_at <= moment
        order by plan, indicator, scope, period, published_at desc, recorded_at desc
    ) as last_word
    where not withdrawn
$$;
