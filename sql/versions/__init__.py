"""The revisions, in order; none is edited after it landed."""
