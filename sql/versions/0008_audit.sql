-- The audit: before and after, from where, and a chain that shows a broken link.
set local lock_timeout = '5s';
set local search_path = chiso, public;

alter table audit rename column detail to after;
alter table audit
    alter column after drop not null,
    add column before jsonb,                            -- what the act changed, as it was
    add column origin text,                             -- from where: an address, or the program
    -- In the written form JSON's null and no facts at all are the same word; only one of them can be here.
    add constraint facts_are_named check (jsonb_typeof(before) = 'object' and jsonb_typeof(after) = 'object');
create index act_of_object on audit (object, id);
create index act_of_actor on audit (actor, id);

-- The chain: each act in the order in which it was committed. Its link holds the hash of the link before it and of the act
-- as it is written. No reference to the act: one that has gone is for the verification to name, not for a key to hide.
create table audit_link (
    ordinal bigint primary key,                         -- 1, 2, 3, ... without a gap
    audit   bigint not null,
    hash    bytea  not null,
    constraint act_has_one_link unique (audit),
    constraint ordinal_counts_from_1 check (ordinal >= 1),
    constraint hash_is_sha256 check (octet_length(hash) = 32)
);

-- Where the chain ends, so that a tail that was cut off is missed. Before the first link the hash is 32 zero bytes.
create table audit_head (
    only_one boolean primary key default true,
    count    bigint  not null,
    hash     bytea   not null,
    constraint chain_has_one_head check (only_one),
    constraint hash_is_sha256 check (octet_length(hash) = 32)
);

-- How an act is written to be hashed: one JSON array whose text depends on no setting of the session.
create function audit_written(act audit) returns text
language sql stable as $$
    select jsonb_build_array(
        act.id,
        trunc(extract(epoch from act.at) * 1000000),    -- microseconds since 1970-01-01T00:00Z
        act.actor,
        act.origin,
        act.act,
        act.object,
        act.before,
        act.after
    )::text
$$;

-- The hash of the link that holds this act, after a link with that hash.
create function audit_hash(previous bytea, act audit) returns bytea
language sql stable as $$
    select sha256(previous || convert_to(chiso.audit_written(act), 'UTF8'))
$$;

-- What was done before there was a chain, in the order in which it was written.
do $$
declare
    act audit;
    ordinal bigint := 0;
    hash bytea := decode(repeat('00', 32), 'hex');
begin
    for act in select * from audit order by id loop
        ordinal := ordinal + 1;
        hash := audit_hash(hash, act);
        insert into audit_link values (ordinal, act.id, hash);
    end loop;
    insert into audit_head (count, hash) values (ordinal, hash);
end
$$;

-- Append the link of an act. This runs when the transaction commits, so the head, whose row orders all that commit at once,
-- is held no longer than the commit takes, and whoever holds it waits for nobody: there is no deadlock with the ledger. Who
-- waits for it goes on from the head that the other one left (at READ COMMITTED; above that the transaction is refused).
create function act_is_chained() returns trigger
language plpgsql as $$
declare
    head chiso.audit_head;
begin
    update chiso.audit_head set count = count + 1, hash = chiso.audit_hash(hash, new) returning * into strict head;
    insert into chiso.audit_link values (head.count, new.id, head.hash);
    return null;
end
$$;

create constraint trigger act_is_chained after insert on audit
    deferrable initially deferred
    for each row execute function act_is_chained();

create function head_moves_forward() returns trigger
language plpgsql as $$
begin
    if new.count <> old.count + 1 then
        raise exception 'the head of the audit moves from % to the next, not to %', old.count, new.count
            using errcode = 'restrict_violation', constraint = tg_name;
    end if;
    return new;
end
$$;

create trigger head_moves_forward before update on audit_head
    for each row execute function head_moves_forward();
create trigger head_is_kept before delete on audit_head
    for each row execute function only_appended();
create trigger head_is_never_emptied before truncate on audit_head
    for each statement execute function only_appended();
create trigger link_is_append_only before update or delete on audit_link
    for each row execute function only_appended();
create trigger link_is_never_emptied before truncate on audit_link
    for each statement execute function only_appended();

-- What is wrong with the chain from this link to that one, or to its end, the first fault first? Nothing where it is whole.
--   missing           links from this one on are not there
--   tail cut off      likewise, and none comes after them
--   inserted          a link beyond the head
--   act missing       the act that the link holds is not there
--   out of order      the link does not come after the one before it, or holds another act than it was made for
--   altered           the act, or the hash itself, is not what was chained
--   not in the chain  an act that no link holds
--   head altered      the head has another hash than its link, or is not there
create function audit_faults(first bigint default 1, last bigint default null)
returns table (ordinal bigint, audit bigint, fault text)
language sql stable as $$
    with head as (
        select audit_head.count, audit_head.hash
        from (values (1)) as one                        -- a row also where the head is not there
        left join chiso.audit_head on true
    ),
    walked as (
        select
            link.ordinal,
            link.audit,
            link.hash,
            lag(link.ordinal, 1, 0::bigint) over chain as previous,
            lag(link.hash, 1, decode(repeat('00', 32), 'hex')) over chain as previous_hash
        from chiso.audit_link as link
        where link.ordinal >= (
                select coalesce(max(before.ordinal), 1) from chiso.audit_link as before where before.ordinal < first
            )
            and (last is null or link.ordinal <= last)
        window chain as (order by link.ordinal)
    ),
    judged as (
        select
            walked.*,
            kept.id as act,
            chiso.audit_hash(walked.previous_hash, kept) is distinct from walked.hash as differs
        from walked
        left join chiso.audit as kept on kept.id = walked.audit
        where walked.ordinal >= first
    ),
    broken as (
        select
            judged.*,
            judged.ordinal > head.count as beyond,
            row_number() over (order by judged.ordinal) = 1 as is_first
        from judged
        cross join head
        where judged.differs or judged.ordinal > head.count or judged.previous <> judged.ordinal - 1
    ),
    ending as (
        select coalesce(max(link.ordinal), 0) as ordinal
        from chiso.audit_link as link
        join head on link.ordinal <= head.count
    )
    select
        case when broken.previous <> broken.ordinal - 1 and not broken.beyond is true
            then broken.previous + 1 else broken.ordinal end as ordinal,
        case when broken.previous = broken.ordinal - 1 or broken.beyond then broken.audit end as audit,
        case
            when broken.beyond then 'inserted'
            when broken.previous <> broken.ordinal - 1 then 'missing'
            when broken.act is null then 'act missing'
            -- Where the link or the act would belong is asked of the first fault alone: it means reading all of them.
            when broken.is_first and (
                exists (
                    select from chiso.audit as other
                    where chiso.audit_hash(broken.previous_hash, other) = broken.hash
                )
                or exists (
                    select from chiso.audit_link as other
                    join chiso.audit as kept on kept.id = broken.audit
                    where chiso.audit_hash(other.hash, kept) = broken.hash
                )
            ) then 'out of order'
            else 'altered'
        end as fault
    from broken
    union all
    select ending.ordinal + 1, null, 'tail cut off'
    from ending
    cross join head
    where last is null and ending.ordinal < head.count
    union all
    select null, kept.id, 'not in the chain'
    from chiso.audit as kept
    where last is null and not exists (select from chiso.audit_link as link where link.audit = kept.id)
    union all
    select null, null, 'head altered'
    from head
    where last is null and (
        head.count is null
        or head.count = 0 and head.hash <> decode(repeat('00', 32), 'hex')
        or exists (select from chiso.audit_link as link where link.ordinal = head.count and link.hash <> head.hash)
    )
    order by ordinal nulls last, audit nulls last
$$;
