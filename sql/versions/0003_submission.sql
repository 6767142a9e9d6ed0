-- What came in, who sent it, what was found in it; who may; and what was done by whom.
set local lock_timeout = '5s';
set local search_path = chiso, public;

create table account (
    name        text primary key,
    role        text not null,
    secret_hash text not null,                          -- argon2id
    created_at  timestamptz not null default now(),
    constraint role_is_known check (role in ('administrator'))
);

create table submission (
    id             bigint      generated always as identity primary key,
    dataset        text        not null references dataset,
    reporting_unit text        references reporting_unit,
    period         text,
    mapping        text,                                -- how the columns of somebody else's file were read
    sha256         text        not null,
    size_bytes     bigint      not null,
    file_name      text        not null,
    state          text        not null default 'received',
    reason         text,                                -- why published figures are revised
    accept_good_rows boolean,                           -- whether the good rows were published although others were refused
    received_at    timestamptz not null default now(),
    received_by    text        not null,
    published_at   timestamptz,
    created        integer,
    revised        integer,
    unchanged      integer,
    refused        integer,
    constraint same_file_is_same_submission
        unique nulls not distinct (dataset, reporting_unit, period, mapping, sha256),
    constraint submission_state_is_known check (state in ('received', 'examined', 'published')),
    constraint published_submission_is_counted
        check (state <> 'published' or num_nulls(published_at, created, revised, unchanged, refused) = 0)
);

create table submission_bytes (
    submission bigint primary key references submission,
    content    bytea  not null
);

create table finding (
    submission bigint  not null references submission,
    ordinal    integer not null,
    rule       text    not null,
    severity   text    not null,
    place      text    not null,
    found      text    not null,
    expected   text    not null,
    vi         text    not null,
    en         text    not null,
    primary key (submission, ordinal),
    constraint severity_is_known check (severity in ('error', 'warning', 'information'))
);

create table audit (
    id     bigint      generated always as identity primary key,
    at     timestamptz not null default clock_timestamp(),
    actor  text        not null,
    act    text        not null,
    object text        not null,
    detail jsonb       not null
);

create function only_appended() returns trigger
language plpgsql as $$
begin
    raise exception '% is append-only: % is refused', tg_table_name, lower(tg_op)
        using errcode = 'restrict_violation', constraint = tg_name;
end
$$;

create trigger audit_is_append_only before update or delete on audit
    for each row execute function only_appended();
create trigger audit_is_never_emptied before truncate on audit
    for each statement execute function only_appended();
create trigger bytes_are_kept before update or delete on submission_bytes
    for each row execute function only_appended();
create trigger bytes_are_never_emptied before truncate on submission_bytes
    for each statement execute function only_appended();

-- What was sent, by whom and when, is not rewritten; what became of it is.
create function submission_is_what_was_sent() returns trigger
language plpgsql as $$
begin
    if (new.dataset, new.reporting_unit, new.period, new.mapping, new.sha256, new.size_bytes, new.file_name,
        new.received_at, new.received_by)
        is distinct from
        (old.dataset, old.reporting_unit, old.period, old.mapping, old.sha256, old.size_bytes, old.file_name,
        old.received_at, old.received_by) then
        raise exception 'a submission stays what was sent' using errcode = 'restrict_violation', constraint = tg_name;
    end if;
    return new;
end
$$;

create trigger submission_is_what_was_sent before update on submission
    for each row execute function submission_is_what_was_sent();
