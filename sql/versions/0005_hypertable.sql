-- Where TimescaleDB is there the ledger is a hypertable over its periods; where it is not, nothing else differs.
set local lock_timeout = '5s';
set local search_path = chiso, public;

do $$
begin
    if not exists (select from pg_available_extensions where name = 'timescaledb') then
        return;
    end if;
    begin
        create extension if not exists timescaledb schema public;
    exception when insufficient_privilege or undefined_file or object_not_in_prerequisite_state
        or feature_not_supported or config_file_error then
        raise notice 'TimescaleDB is installed but could not be enabled (%): the ledger stays an ordinary table', sqlerrm;
        return;
    end;
    -- Ten years a chunk: the figures are yearly to daily, and a chunk should hold more than a few rows.
    set local client_min_messages = error;             -- it would advise against a timestamp without zone; a period has none
    perform create_hypertable(
        'observation', by_range('period_start', interval '10 years'), create_default_indexes => false
    );
end
$$;
