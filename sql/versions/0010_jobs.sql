-- Work in the background, and what was reminded of.
set local lock_timeout = '5s';
set local search_path = chiso, public;

-- Who was reminded of which return, on which occasion and by which channel. A row is made before the first attempt and
-- held while it lasts, so that two workers never send the same.
create table reminder (
    dataset        text        not null references dataset,
    reporting_unit text        not null references reporting_unit,
    period         text        not null,
    occasion       text        not null,
    channel        text        not null,
    recipient      text        not null default '',     -- by mail the account, never its address
    failures       integer     not null default 0,      -- attempts that the channel refused
    sent_at        timestamptz,                         -- null: to be tried again
    constraint reminded_once primary key (dataset, reporting_unit, period, occasion, channel, recipient),
    constraint occasion_is_known check (occasion in ('7 days before', '1 day before', '1 day after', '7 days after')),
    constraint channel_is_known check (channel in ('log', 'mail', 'hook')),
    constraint only_mail_has_a_recipient check ((channel = 'mail') = (recipient <> ''))
);

-- What was left behind is asked for every minute, among all submissions there ever were.
create index submission_waits_to_be_examined on submission (received_at) where state = 'received';
