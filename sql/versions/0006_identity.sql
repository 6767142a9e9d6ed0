-- Accounts, what they may do, their sessions, and the tokens of machines.
set local lock_timeout = '5s';
set local search_path = chiso, public;

-- A name signs moves and the audit, so it is nobody else's: not the public's, not this program's, not a machine's (whose
-- names have a colon, which HTTP Basic has no room for either).
alter table account
    alter column secret_hash drop not null,             -- null: comes only by the provider
    add column email        text,
    add column oidc_subject text,                       -- the issuer, a space, and its name for the person
    add column disabled_at  timestamptz,
    add constraint account_name_is_plain check (name ~ '^[a-z0-9][a-z0-9._@-]{0,63}$'),
    add constraint account_name_is_free check (name not in ('public', 'chiso')),
    add constraint email_is_an_address check (email ~ '^[^@\s]+@[^@\s]+$'),
    add constraint oidc_subject_is_one_accounts unique (oidc_subject);
create unique index email_is_one_accounts on account (lower(email));

-- 'public' is granted to nobody, and 'machine' is what a token is.
create table account_grant (
    account        text not null references account,
    role           text not null,
    reporting_unit text references reporting_unit,      -- null: whatever unit
    dataset        text references dataset,             -- null: whatever dataset
    constraint granted_once unique nulls not distinct (account, role, reporting_unit, dataset),
    constraint role_is_a_persons
        check (role in ('reporter', 'reviewer', 'publisher', 'administrator', 'operator')),
    constraint role_of_the_whole_is_bound_to_nothing
        check (role not in ('administrator', 'operator') or num_nonnulls(reporting_unit, dataset) = 0)
);

-- Who was the administrator keeps every right that this account had.
insert into account_grant (account, role)
select name, granted from account cross join unnest(array['administrator', 'publisher', 'operator']) as granted;
alter table account drop constraint role_is_known, drop column role;

create table session (
    secret_hash  bytea       primary key,               -- SHA-256 of the cookie's secret, which is kept nowhere
    account      text        not null references account,
    created_at   timestamptz not null,
    last_seen_at timestamptz not null,
    address      text        not null,
    constraint session_secret_is_hashed check (octet_length(secret_hash) = 32),
    constraint session_is_seen_after_it_began check (last_seen_at >= created_at)
);
create index session_of_account on session (account);

create table token (
    id             text        primary key,             -- the part of the token that is no secret
    name           text        not null,                -- signs as machine:<name>, so it is never given twice
    secret_hash    bytea       not null,
    reporting_unit text        not null references reporting_unit,
    dataset        text        not null references dataset,
    created_by     text        not null,
    created_at     timestamptz not null,
    expires_at     timestamptz not null,
    revoked_at     timestamptz,
    last_used_at   timestamptz,
    constraint token_name_is_given_once unique (name),
    constraint token_name_is_plain check (name ~ '^[a-z0-9][a-z0-9._-]{0,63}$'),
    constraint token_secret_is_hashed check (octet_length(secret_hash) = 32),
    constraint token_expires_after_it_began check (expires_at > created_at)
);

-- Failures only. The name is hashed: people type secrets into the wrong field, and a name that there is not may be long.
create table sign_in_attempt (
    at        timestamptz not null,
    name_hash bytea       not null,
    address   text        not null,
    constraint attempted_name_is_hashed check (octet_length(name_hash) = 32)
);
create index attempt_on_account on sign_in_attempt (name_hash, at);
create index attempt_from_address on sign_in_attempt (address, at);
