-- Work in the background, and what was reminded of.
set local lock_timeout = '5s';
set local search_path = chiso, public;
