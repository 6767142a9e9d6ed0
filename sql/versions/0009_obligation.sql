-- Who owes which return by when, and what became of it. The rule stands here once; every reader stands on it.
set local lock_timeout = '5s';
set local search_path = chiso, public;

-- The constraints are not valid for rows of an older catalogue; the one of this version is loaded right after.
alter table dataset
    add column owed_from    date,                       -- the first day of the first period that is owed
    add column machine      boolean not null default false,
    add column about_others boolean not null default false,
    add constraint what_is_owed_has_a_frequency_and_a_beginning
        check (owed_by is null or num_nulls(frequency, owed_from) = 0) not valid,
    add constraint owed_from_begins_a_period
        check (owed_from = period_start_of(frequency, owed_from::timestamp)) not valid;

-- More time for one return. The deadline itself stays the rule's; of several extensions the longest counts, so that none
-- ever makes a deadline earlier.
create table extension (
    id             bigint      generated always as identity primary key,
    dataset        text        not null references dataset,
    reporting_unit text        not null references reporting_unit,
    period         text        not null,
    due_day        date        not null,                -- the last day that is in time
    reason         text        not null,
    granted_by     text        not null,
    granted_at     timestamptz not null,                -- the clock of the service
    constraint extension_is_granted_once unique (dataset, reporting_unit, period, due_day),
    constraint extension_has_a_reason check (reason ~ '\S')
);
create trigger extension_is_append_only before update or delete on extension
    for each row execute function only_appended();
create trigger extension_is_never_emptied before truncate on extension
    for each statement execute function only_appended();

-- Which day of this month is that? A month without that day has its last instead.
create function day_in_month(any_day date, day integer) returns date
language sql immutable strict parallel safe
return least(
    date_trunc('month', any_day::timestamp)::date + day - 1,
    (date_trunc('month', any_day::timestamp) + interval '1 month')::date - 1
);

-- Which moment does a local clock show?
create function local_moment(local_time timestamp) returns timestamptz
language sql immutable strict parallel safe
return local_time at time zone 'Asia/Ho_Chi_Minh';

-- Which second is the last of a day?
create function last_second_of(day date) returns timestamptz
language sql immutable strict parallel safe
return chiso.local_moment(day::timestamp + interval '1 day') - interval '1 second';

-- Which returns are owed, by whom and by when? One row for each dataset, period and reporting unit that owes it and existed
-- on the period's last day. The periods begin on owed_from or later, and from first_start (null: from the beginning) to
-- last_start, both included. The data of a period end with the calendar, or on the dataset's cut_off_day of its last month:
-- then they begin on the day after the cut-off before (Decree 09/2019/NĐ-CP). ends_at is the first moment after them, due_at
-- the last second that is in time, null where the dataset has no deadline.
create function obligation(
    first_start timestamp, last_start timestamp, datasets text[] default null, reporting_units text[] default null
)
returns table (
    dataset text, reporting_unit text, frequency text, period text, period_start timestamp,
    data_from date, data_to date, ends_at timestamptz, due_at timestamptz
)
language sql stable parallel safe as $$
    -- Materialized, because each is worked out once, and not once for every return.
    with owing as materialized (
        select dataset.code as dataset, reporting_unit.code, reporting_unit.valid_from, reporting_unit.valid_to
        from chiso.dataset
        join chiso.reporting_unit
            on (
                reporting_unit.level = dataset.owed_by ->> 'level'
                and (
                    jsonb_array_length(dataset.owed_by -> 'kinds') = 0
                    or dataset.owed_by -> 'kinds' @> to_jsonb(reporting_unit.kind)
                )
            )
            or dataset.owed_by -> 'reporting_units' @> to_jsonb(reporting_unit.code)
        where (datasets is null or dataset.code = any(datasets))
            and (reporting_units is null or reporting_unit.code = any(reporting_units))
    ),
    period as materialized (
        select
            dataset.code as dataset,
            dataset.frequency,
            chiso.period_text(dataset.frequency, span.starts) as written,
            span.starts,
            span.last_day,
            coalesce(cut_off.data_from, span.starts::date) as data_from,
            coalesce(cut_off.data_to, span.last_day) as data_to,
            coalesce(chiso.local_moment(cut_off.data_to + interval '1 day'), chiso.local_moment(span.ends)) as ends_at,
            chiso.last_second_of(
                case
                    when dataset.due ->> 'day' is null then span.last_day + (dataset.due ->> 'days_after')::integer
                    else chiso.day_in_month(
                        (
                            date_trunc('month', span.last_day::timestamp)
                            + make_interval(months => (dataset.due ->> 'months_after')::integer)
                        )::date,
                        (dataset.due ->> 'day')::integer
                    )
                end
            ) as due_at
        from chiso.dataset
        cross join lateral (
            select
                starts,
                starts + chiso.period_length(dataset.frequency) as ends,
                (starts + chiso.period_length(dataset.frequency) - interval '1 microsecond')::date as last_day
            from generate_series(
                greatest(dataset.owed_from::timestamp, chiso.period_start_of(dataset.frequency, first_start)),
                last_start,
                chiso.period_length(dataset.frequency)
            ) as starts
            where first_start is null or starts >= first_start
        ) as span
        cross join lateral (
            select
                chiso.day_in_month((span.starts - interval '1 month')::date, day) + 1 as data_from,
                chiso.day_in_month(span.last_day, day) as data_to
            from (select (dataset.due ->> 'cut_off_day')::integer as day) as cut_off_day
        ) as cut_off
        where dataset.code in (select dataset from owing)
    )
    select
        period.dataset, owing.code, period.frequency, period.written, period.starts,
        period.data_from, period.data_to, period.ends_at, period.due_at
    from period
    join owing
        on owing.dataset = period.dataset
        and period.last_day between coalesce(owing.valid_from, '-infinity') and coalesce(owing.valid_to, 'infinity')
$$;

-- What had become of them by this moment? due_at is the deadline in force, regular_due_at the rule's own, extension the one
-- that moved it. The return that stands is, of the submissions of that dataset, period and reporting unit which are submitted,
-- in review, accepted or published, or were corrected by one that is published, the one that was submitted first: a
-- correction does not make a return late. Where none stands, the newest that was once submitted is shown with its state.
create function obligation_as_of(
    moment timestamptz,
    first_start timestamp, last_start timestamp, datasets text[] default null, reporting_units text[] default null
)
returns table (
    dataset text, reporting_unit text, frequency text, period text, period_start timestamp,
    data_from date, data_to date, ends_at timestamptz, regular_due_at timestamptz, due_at timestamptz, extension bigint,
    submission bigint, submission_state text, submitted_at timestamptz, state text
)
language sql stable parallel safe as $$
    with owed as (
        select owed.*, extended.id as extension, coalesce(extended.due_at, owed.due_at) as due_in_force
        from chiso.obligation(first_start, last_start, datasets, reporting_units) as owed
        left join lateral (
            select id, chiso.last_second_of(due_day) as due_at
            from chiso.extension
            where extension.dataset = owed.dataset
                and extension.reporting_unit = owed.reporting_unit
                and extension.period = owed.period
                and extension.granted_at <= moment
            order by due_day desc
            limit 1
        ) as extended on extended.due_at > owed.due_at
    ),
    -- A unit whose machine ever sent something to the dataset, whatever became of it, is connected; a person's file is not.
    connected as (
        select submission.dataset, submission.reporting_unit
        from chiso.submission
        join chiso.submission_move on submission_move.submission = submission.id and submission_move.version = 1
        where submission_move.at <= moment
            and submission_move.by like 'machine:%'
            and submission.reporting_unit is not null
            and submission.dataset in (select code from chiso.dataset where machine)
    )
    select
        owed.dataset, owed.reporting_unit, owed.frequency, owed.period, owed.period_start,
        owed.data_from, owed.data_to, owed.ends_at, owed.due_at, owed.due_in_force, owed.extension,
        answer.id, answer.state, case when answer.stands then answer.submitted_at end,
        case
            when answer.stands and owed.due_in_force is null then 'received'
            when answer.stands and answer.submitted_at < owed.due_in_force + interval '1 second' then 'on_time'
            when answer.stands then 'late'
            when moment < owed.ends_at then 'not_due'
            when owed.dataset in (select code from chiso.dataset where machine)
                and (owed.dataset, owed.reporting_unit) not in (select dataset, reporting_unit from connected)
                then 'not_connected'
            when moment >= owed.due_in_force + interval '1 second' then 'overdue'
            else 'due'
        end
    from owed
    left join lateral (
        with moved as (
            select
                submission.id,
                (array_agg(submission_move.state order by submission_move.version desc))[1] as state,
                max(submission_move.at) filter (where submission_move.state = 'published') as published_at,
                max(submission_move.at) filter (where submission_move.act = 'submit') as submitted_at
            from chiso.submission
            join chiso.submission_move on submission_move.submission = submission.id
            where submission.dataset = owed.dataset
                and submission.period = owed.period
                and submission.reporting_unit = owed.reporting_unit
                and submission_move.at <= moment
            group by submission.id
        )
        select moved.*, standing.stands
        from moved
        cross join lateral (
            -- One that was corrected stands as long as the last of its corrections does.
            select
                case moved.state
                    when 'superseded' then coalesce((
                        select later.state = 'published'
                        from moved as later
                        where (later.published_at, later.id) > (moved.published_at, moved.id)
                            and later.state <> 'superseded'
                        order by later.published_at, later.id
                        limit 1
                    ), false)
                    else moved.state in ('submitted', 'in_review', 'accepted', 'published')
                end as stands
        ) as standing
        where moved.submitted_at is not null
        order by stands desc, case when stands then submitted_at end, case when stands then id end, id desc
        limit 1
    ) as answer on true
$$;
