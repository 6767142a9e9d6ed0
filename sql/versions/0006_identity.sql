-- Accounts, what they may do, their sessions, and the tokens of machines.
set local lock_timeout = '5s';
set local search_path = chiso, public;
