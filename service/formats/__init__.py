"""How answers are written: one file a format, from rows to bytes."""
