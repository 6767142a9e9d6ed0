-- How far the work on a large submission has got, for whoever waits for it; nothing hangs on it, and a crash may lose it.
set local lock_timeout = '5s';
set local search_path = chiso, public;

create unlogged table submission_progress (
    submission bigint primary key,
    stage      text        not null,                    -- reading, checking, comparing, storing
    done       bigint      not null,                    -- of `total`, in what the stage counts: bytes, rules or figures
    total      bigint,
    at         timestamptz not null,
    constraint progress_is_counted check (done >= 0 and (total is null or total >= done))
);
