-- The ledger: every vintage stays; nothing here updates a row. Three clocks: period_start (what a value is about),
-- published_at (from when it is the public figure), recorded_at (when it was written here).
set local lock_timeout = '5s';
set local search_path = chiso, public;

create table document (
    id        integer generated always as identity primary key,
    reference text    not null,
    constraint document_is_kept_once unique (reference)
);

create table observation (
    series_id     integer     not null,
    period_start  timestamp   not null,                 -- local; its end follows from the series' frequency
    published_at  timestamptz not null,
    recorded_at   timestamptz not null,
    submission_id bigint      not null,
    document_id   integer,
    data_from     date,                                 -- where the cut-off is not the calendar's
    data_to       date,
    status        "char"      not null,                 -- SDMX CL_OBS_STATUS
    withdrawn     boolean     not null default false,
    value         numeric,
    reason        text,                                 -- why it is missing, was revised or withdrawn
    comment       text,                                 -- the words of the document
    constraint status_is_known check (status in ('A', 'P', 'E', 'F', 'B', 'M')),
    constraint only_missing_or_withdrawn_has_no_value check ((value is null) = (withdrawn or status = 'M')),
    constraint missing_or_withdrawn_has_a_reason check (reason is not null or not (withdrawn or status = 'M')),
    constraint value_is_a_finite_number check (value not in ('NaN', 'Infinity', '-Infinity')),
    constraint cut_off_runs_forward check (data_from <= data_to)
);
-- One index serves uniqueness, a series' vintages and the as-of rule, so it runs the way that rule reads.
create unique index vintage_is_unique on observation (series_id, period_start, published_at desc, recorded_at desc);

-- Of every batch at once, because a foreign key would ask row by row: is each row what a ledger may hold?
create function observations_are_true() returns trigger
language plpgsql as $$
declare
    wrong record;
begin
    select
        series.key,
        new_row.period_start,
        case
            when series.id is null then 'series_exists'
            when submission.id is null then 'submission_exists'
            when new_row.document_id is not null and document.id is null then 'document_exists'
            when new_row.period_start <> chiso.period_start_of(series.frequency, new_row.period_start)
                then 'period_belongs_to_frequency'
            when new_row.period_start >= reporting_unit.valid_to + 1
                or new_row.period_start + chiso.period_length(series.frequency) <= reporting_unit.valid_from
                then 'reporting_unit_is_valid_in_period'
            when new_row.recorded_at not between transaction_timestamp() and clock_timestamp()
                then 'recorded_at_is_never_given'
        end as rule
    into wrong
    from new_row
    left join chiso.series on series.id = new_row.series_id
    left join chiso.reporting_unit on reporting_unit.code = series.reporting_unit
    left join chiso.submission on submission.id = new_row.submission_id
    left join chiso.document on document.id = new_row.document_id
    where series.id is null
        or submission.id is null
        or (new_row.document_id is not null and document.id is null)
        or new_row.period_start <> chiso.period_start_of(series.frequency, new_row.period_start)
        or new_row.period_start >= reporting_unit.valid_to + 1
        or new_row.period_start + chiso.period_length(series.frequency) <= reporting_unit.valid_from
        or new_row.recorded_at not between transaction_timestamp() and clock_timestamp()
    limit 1;
    if found then
        raise exception 'an observation of % at % breaks the rule %', wrong.key, wrong.period_start, wrong.rule
            using errcode = 'check_violation', constraint = wrong.rule;
    end if;
    return null;
end
$$;

create trigger observations_are_true after insert on observation
    referencing new table as new_row
    for each statement execute function observations_are_true();

-- Demonstration figures are the one thing that may be removed; their source marks them, and marks nothing else.
create function ledger_is_append_only() returns trigger
language plpgsql as $$
begin
    if tg_op = 'DELETE' and exists (
        select from chiso.series where series.id = old.series_id and series.source = 'GENERATED'
    ) then
        return old;
    end if;
    raise exception 'the ledger is append-only: % is refused; a correction or a withdrawal is a new row', lower(tg_op)
        using errcode = 'restrict_violation', constraint = 'ledger_is_append_only';
end
$$;

-- What observations hang on stays as it was: the key of a series, a document's words, what an indicator is measured in.
create function series_is_kept() returns trigger
language plpgsql as $$
begin
    if tg_op = 'DELETE' and old.source = 'GENERATED' then
        return old;
    end if;
    raise exception 'a series is append-only: % is refused', lower(tg_op)
        using errcode = 'restrict_violation', constraint = 'series_is_kept';
end
$$;

create trigger series_is_kept before update or delete on series for each row execute function series_is_kept();
create trigger document_is_kept before update or delete on document for each row execute function only_appended();

create function unit_measure_is_kept() returns trigger
language plpgsql as $$
begin
    if new.unit_measure <> old.unit_measure
        and exists (select from chiso.series where series.indicator = old.code) then
        raise exception 'the figures of % are measured in %: another unit of measure is another indicator',
            old.code, old.unit_measure
            using errcode = 'restrict_violation', constraint = 'unit_measure_is_kept';
    end if;
    return new;
end
$$;

create trigger unit_measure_is_kept before update on indicator for each row execute function unit_measure_is_kept();

create trigger ledger_is_append_only before update or delete on observation
    for each row execute function ledger_is_append_only();
create trigger ledger_is_never_emptied before truncate on observation
    for each statement execute function only_appended();

-- What was the public figure, from when to when? One row for each vintage that is public by now, with its own validity:
-- valid_to is when another one replaced it. Of two rows with the same published_at the later recorded one counts. A row that
-- repeats the one before it confirms that figure and is no vintage; it stays in the ledger, because history that is loaded
-- later may come between the two.
create view vintage as
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
        from observation
        where published_at <= now()
        order by series_id, period_start, published_at desc, recorded_at desc
    ) as last_word
    window earlier as (partition by series_id, period_start order by published_at desc)
) as statement
where withdrawn <> was_withdrawn
    or not withdrawn
    and (value, status, data_from, data_to) is distinct from (was_value, was_status, was_data_from, was_data_to);

-- The as-of rule: what was known at this moment? At most one row a period; a withdrawn value is no value.
create function observation_as_of(moment timestamptz) returns setof vintage
language sql stable parallel safe as $$
    select *
    from chiso.vintage
    where valid_from <= moment and (valid_to is null or valid_to > moment) and not withdrawn
$$;

-- What is known now?
create view current_observation as
select * from observation_as_of(now());
