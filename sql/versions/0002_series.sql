-- Series, and the arithmetic of periods that everything else stands on. A period is its frequency and its local start.
set local lock_timeout = '5s';
set local search_path = chiso, public;

create table series (
    id             integer generated always as identity primary key,
    frequency      text not null,
    indicator      text not null references indicator,
    reporting_unit text not null references reporting_unit,
    accumulation   text not null,
    source         text not null references source,
    breakdown      text not null,
    key            text not null generated always as (
        frequency || '.' || indicator || '.' || reporting_unit || '.' || accumulation || '.' || source || '.' || breakdown
    ) stored,
    constraint series_key_is_unique unique (key),
    constraint frequency_is_known check (frequency in ('A', 'S', 'Q', 'M', 'W', 'D', 'H')),
    constraint accumulation_is_known check (accumulation in ('PERIOD', 'YTD', 'STOCK', 'SINCE_START'))
);
create index series_of_indicator on series (indicator, reporting_unit);
create index series_of_reporting_unit on series (reporting_unit);

-- In what is a series measured? The numerator and denominator of an indicator, where they are kept, are counts.
create function unit_of(breakdown text, unit_measure text) returns text
language sql immutable strict parallel safe
return case when breakdown in ('NUMERATOR', 'DENOMINATOR') then 'count' else unit_measure end;

-- How long is a period of this frequency?
create function period_length(frequency text) returns interval
language sql immutable strict parallel safe
return case frequency
    when 'A' then interval '12 months'
    when 'S' then interval '6 months'
    when 'Q' then interval '3 months'
    when 'M' then interval '1 month'
    when 'W' then interval '7 days'
    when 'D' then interval '1 day'
    when 'H' then interval '1 hour'
end;

-- Where does the period begin in which this local moment lies?
create function period_start_of(frequency text, local_time timestamp) returns timestamp
language sql immutable strict parallel safe
return case frequency
    when 'A' then date_trunc('year', local_time)
    when 'S' then date_trunc('year', local_time)
        + case when extract(month from local_time) > 6 then interval '6 months' else interval '0' end
    when 'Q' then date_trunc('quarter', local_time)
    when 'M' then date_trunc('month', local_time)
    when 'W' then date_trunc('week', local_time)
    when 'D' then date_trunc('day', local_time)
    when 'H' then date_trunc('hour', local_time)
end;

-- How is a period written? As SDMX does: 2024, 2024-S1, 2024-Q1, 2024-03, 2024-W05, 2024-03-15, 2024-03-15T09.
create function period_text(frequency text, period_start timestamp) returns text
language sql immutable strict parallel safe
return case frequency
    when 'A' then to_char(period_start, 'YYYY')
    when 'S' then to_char(period_start, 'YYYY-"S"') || (1 + extract(month from period_start)::int / 7)
    when 'Q' then to_char(period_start, 'YYYY-"Q"Q')
    when 'M' then to_char(period_start, 'YYYY-MM')
    when 'W' then to_char(period_start, 'IYYY-"W"IW')
    when 'D' then to_char(period_start, 'YYYY-MM-DD')
    when 'H' then to_char(period_start, 'YYYY-MM-DD"T"HH24')
end;
