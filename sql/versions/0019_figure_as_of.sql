-- Whoever judges reads hundreds of thousands of figures, and of nearly all of them only what they say.
set local lock_timeout = '5s';
set local search_path = chiso, public;

-- What was said last of each period by this moment, as far as it is public by now: the figures of observation_as_of in half
-- the time. `published_at` is when it was said last; it is valid_from of the vintage unless the figure was `restated`: then
-- something was said of the period before, which may have been the same. A test holds the two against each other.
create function figure_as_of(moment timestamptz)
returns table (
    series_id integer, period_start timestamp, status "char", value numeric, published_at timestamptz, restated boolean
)
language sql stable parallel safe as $$
    select series_id, period_start, status, value, published_at, restated
    from (
        select
            *,
            row_number() over latest_first as place,
            lead(true, 1, false) over latest_first as restated
        from chiso.observation
        where published_at <= moment and published_at <= now()
        window latest_first as (partition by series_id, period_start order by published_at desc, recorded_at desc)
    ) as said
    where place = 1 and not withdrawn
$$;
