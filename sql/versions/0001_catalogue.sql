-- The words of the catalogue. They are loaded from files, by set; an entry that ended stays, with its last day.
set local lock_timeout = '5s';
set local search_path = chiso, public;

create table catalogue_version (
    version   text        primary key,                  -- digest of the files it was read from
    loaded_at timestamptz not null default now(),
    loaded_by text        not null
);

create table unit_of_measure (
    code      text primary key,
    name_vi   text not null,
    name_en   text not null,
    symbol_vi text not null,
    symbol_en text not null,
    minimum   numeric,
    maximum   numeric
);

create table source (
    code    text primary key,
    name_vi text not null,
    name_en text not null
);

create table reporting_unit (
    code       text primary key,
    level      text not null,
    kind       text not null,
    name_vi    text not null,
    name_en    text not null,
    short_vi   text not null,
    valid_from date,                                    -- null: since before our records
    valid_to   date,                                    -- the last day; null: still there
    legal_act  text,
    position   integer not null,                        -- by the Vietnamese alphabet
    constraint level_is_known check (level in ('nation', 'country', 'ministry', 'province', 'group')),
    constraint validity_runs_forward check (valid_from <= valid_to)
);

create table reporting_unit_code (
    scheme         text not null,
    code           text not null,
    reporting_unit text not null references reporting_unit,
    valid_from     date,
    valid_to       date,
    primary key (scheme, code, reporting_unit),
    constraint code_validity_runs_forward check (valid_from <= valid_to)
);

create table reporting_unit_spelling (
    spelling       text not null,
    reporting_unit text not null references reporting_unit,
    primary key (spelling, reporting_unit)
);

create table lineage (
    predecessor text not null references reporting_unit,
    successor   text not null references reporting_unit,
    on_date     date not null,                          -- the first day of the successor
    kind        text not null,
    legal_act   text not null,
    primary key (predecessor, successor, on_date),
    constraint lineage_kind_is_known check (kind in ('merged', 'absorbed', 'renamed', 'split'))
);

create table indicator (
    code            text primary key,
    name_vi         text not null,
    name_en         text not null,
    pillar          text not null,
    definition_vi   text not null,
    definition_en   text not null,
    numerator_vi    text,
    numerator_en    text,
    denominator_vi  text,
    denominator_en  text,
    formula         text not null,
    unit_measure    text not null references unit_of_measure,
    decimals        smallint not null,
    minimum         numeric,
    maximum         numeric,
    direction       text not null,
    frequencies     text[] not null,
    accumulations   text[] not null,
    sources         text[] not null,
    adds_over_time  text not null,
    adds_over_units text not null,
    levels          text[] not null,
    lead            jsonb not null,                     -- [{reporting_unit, from, to}], in order of time
    document        text not null,
    reference       text,
    valid_from      date,
    valid_to        date,
    replaced_by     text,
    daily_mean_of   text,
    note            text,
    constraint direction_is_known check (direction in ('up', 'down', 'none')),
    constraint range_runs_upward check (minimum <= maximum),
    constraint indicator_validity_runs_forward check (valid_from <= valid_to)
);

create table dataset (
    code      text primary key,
    name_vi   text not null,
    name_en   text not null,
    document  text not null,
    frequency text,                                     -- null: any
    items     jsonb,                                    -- [{indicator, accumulation, source, ...}]; null: any series
    owed_by   jsonb,                                    -- {level} or {reporting_units}; null: nobody, we collect it
    due       jsonb,                                    -- {months_after, day, document}
    note      text
);

create table mapping (
    code       text primary key,
    definition jsonb not null                           -- how the columns of somebody else's file read
);

create table target (
    indicator   text not null references indicator,
    scope       text not null,                          -- a reporting unit, or a level: each of its units
    period      text not null,
    kind        text not null,
    value       numeric not null,
    base_period text,
    base_value  numeric,
    document    text not null,
    words       text,                                   -- as the document has them
    note        text,
    primary key (indicator, scope, period, kind, document)
);
