"""One reader a format; none knows another, and all give the same reading."""
