-- Snapshots: what was answered once and is cited for ever. The bytes are kept, since a library that writes them may change.
set local lock_timeout = '5s';
set local search_path = chiso, public;

create table snapshot (
    code        text        primary key,                -- the beginning of the digest: the same bytes are the same snapshot
    sha256      text        not null,
    size_bytes  bigint      not null,
    frozen_at   timestamptz not null,
    frozen_by   text        not null,
    as_of       timestamptz not null,
    query       text        not null,                   -- the question, as it stands in an address
    title_vi    text        not null,
    title_en    text        not null,
    source_vi   text        not null,                   -- who published the figures
    source_en   text        not null,
    observations bigint     not null,
    constraint snapshot_is_kept_once unique (sha256),
    constraint snapshot_code_begins_its_digest check (code = left(sha256, 16) and length(sha256) = 64)
);

create table snapshot_part (
    snapshot text    not null references snapshot,
    part     integer not null,                          -- 0, 1, 2, ... in the order of the bytes
    content  bytea   not null,
    primary key (snapshot, part)
);

create trigger snapshot_is_append_only before update or delete on snapshot
    for each row execute function only_appended();
create trigger snapshot_is_never_emptied before truncate on snapshot
    for each statement execute function only_appended();
create trigger snapshot_part_is_append_only before update or delete on snapshot_part
    for each row execute function only_appended();
create trigger snapshot_part_is_never_emptied before truncate on snapshot_part
    for each statement execute function only_appended();
