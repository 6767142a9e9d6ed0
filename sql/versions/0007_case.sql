-- A submission as a case: its moves, its review, its evidence, what it corrects.
set local lock_timeout = '5s';
set local search_path = chiso, public;

alter table dataset add column review text[] not null default '{}';

alter table submission
    drop constraint same_file_is_same_submission,
    drop constraint submission_state_is_known,
    drop constraint published_submission_is_counted,
    add column version       integer not null default 0,    -- how many moves it has made; each names the next
    add column level         smallint,                      -- the review that it waits for, counted from 1
    add column said          jsonb   not null default '{}', -- what the sender said beside the file
    add column corrects      bigint  references submission, -- the published submission that this one corrects
    add column reason_code   text,
    add column signature     jsonb,                         -- {compiled_by, checked_by, signed_by, signed_as, ...}
    add column superseded_by bigint  references submission,
    add column failure       text,                          -- why it did not go as far as was asked
    add constraint submission_state_is_known check (state in (
        'received', 'examined', 'submitted', 'in_review', 'returned', 'accepted', 'published', 'superseded', 'withdrawn'
    )),
    add constraint published_submission_is_counted
        check (state <> 'published' or num_nulls(published_at, created, revised, unchanged, refused) = 0),
    add constraint level_is_awaited_in_review check ((level is not null) = (state in ('submitted', 'in_review'))),
    add constraint reason_code_is_known
        check (reason_code in ('late_report', 'correction', 'new_method', 'new_source', 'reconciliation')),
    add constraint correction_has_a_reason check (
        corrects is null or num_nulls(reason_code, reason) = 0
        or state in ('received', 'examined', 'superseded', 'withdrawn') -- it may be said when it is submitted
    ),
    add constraint superseded_by_a_later_one check (superseded_by > id);

-- The same file is the same submission while that one is on its way; afterwards it may be sent anew.
create unique index same_file_is_same_submission
    on submission (dataset, reporting_unit, period, mapping, sha256) nulls not distinct
    where state not in ('superseded', 'withdrawn', 'published');
create index submission_of_obligation on submission (dataset, period, reporting_unit);

-- Withdrawing a submission would else read the whole ledger.
create index observation_of_submission on observation (submission_id);

-- What a submission went through: each act by somebody, and the state that it led to. `at` is the clock of the service;
-- when it was written is in the audit.
create table submission_move (
    submission  bigint      not null references submission,
    version     integer     not null,                   -- 1, 2, 3, ... without a gap
    at          timestamptz not null,
    by          text        not null,
    act         text        not null,
    state       text        not null,                   -- after the act
    level       smallint,                               -- the review at which it was decided
    awaits      smallint,                               -- the review that it waits for then
    reason_code text,
    reason      text,
    remarks     jsonb       not null default '[]',      -- [{place, text}]: what a reviewer says of a cell
    primary key (submission, version),
    constraint reason_code_is_known
        check (reason_code in ('late_report', 'correction', 'new_method', 'new_source', 'reconciliation')),
    constraint return_and_withdrawal_have_a_reason check (act not in ('return', 'withdraw') or reason is not null)
);
create index move_of_act on submission_move (act, at);

create trigger move_is_append_only before update or delete on submission_move
    for each row execute function only_appended();
create trigger move_is_never_emptied before truncate on submission_move
    for each statement execute function only_appended();

-- Four eyes, whatever a program does: nobody accepts what they sent, and nobody accepts twice.
create function nobody_accepts_their_own() returns trigger
language plpgsql as $$
begin
    if exists (
        select from chiso.submission_move
        where submission = new.submission and submission_move.by = new."by"
            and (act in ('receive', 'submit')
                or act = 'accept' and version > (
                    select max(version) from chiso.submission_move
                    where submission = new.submission and act = 'submit'
                ))
    ) then
        raise exception 'submission % is accepted by another person than %', new.submission, new."by"
            using errcode = 'restrict_violation', constraint = 'nobody_accepts_their_own';
    end if;
    return new;
end
$$;

create trigger nobody_accepts_their_own before insert on submission_move
    for each row when (new.act = 'accept') execute function nobody_accepts_their_own();

insert into submission_move (submission, version, at, by, act, state)
select id, ordinal, received_at, received_by, act, state_after
from submission
cross join lateral (
    values (1, 'receive', 'received'), (2, 'examine', 'examined'), (3, 'submit', 'accepted'), (4, 'publish', 'published')
) as known (ordinal, act, state_after)
where ordinal <= case state when 'received' then 1 when 'examined' then 2 else 4 end
    and sha256 <> ''                                    -- demonstration figures were sent by nobody, and can be removed
order by id, ordinal;
update submission set version = case state when 'received' then 1 when 'examined' then 2 else 4 end where sha256 <> '';

-- A submission's state is that of its last move.
create function submission_is_where_it_moved() returns trigger
language plpgsql as $$
begin
    if new.version <> (select version from chiso.submission where id = new.submission) + 1 then
        raise exception 'submission % moves from one version to the next', new.submission
            using errcode = 'restrict_violation', constraint = tg_name;
    end if;
    update chiso.submission set version = new.version, state = new.state, level = new.awaits
    where id = new.submission;
    return new;
end
$$;

create trigger submission_is_where_it_moved before insert on submission_move
    for each row execute function submission_is_where_it_moved();

-- A finding that asks is answered by the sender.
alter table finding
    add column justification text,
    add column justified_by  text,
    add constraint only_warnings_are_justified check (justification is null or severity = 'warning'),
    add constraint justification_is_somebodys check ((justification is null) = (justified_by is null));

-- A signed page, a decision, a calculation: what shows that a figure is right.
create table evidence (
    id         bigint      generated always as identity primary key,
    submission bigint      not null references submission,
    place      text,                                    -- the cell it shows; null: the whole return
    file_name  text        not null,
    media_type text        not null,                    -- by its bytes, never by its name
    size_bytes bigint      not null,
    sha256     text        not null,
    content    bytea       not null,
    added_at   timestamptz not null,
    added_by   text        not null,
    constraint evidence_is_kept_once unique nulls not distinct (submission, place, sha256)
);
create trigger evidence_is_kept before update or delete on evidence
    for each row execute function only_appended();
create trigger evidence_is_never_emptied before truncate on evidence
    for each statement execute function only_appended();

-- What was answered to a request that may come again, kept with what it did.
create table idempotency (
    asker       text        not null,
    key         text        not null,
    request     text        not null,                   -- SHA-256 of method, address and body
    status      smallint,
    headers     jsonb,
    body        bytea,
    answered_at timestamptz not null default clock_timestamp(),
    primary key (asker, key)
);
