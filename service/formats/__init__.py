"""How answers are written, beside JSON and CSV."""
