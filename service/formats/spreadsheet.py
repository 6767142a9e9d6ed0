"""What a spreadsheet would run when it stands at the beginning of a cell; of some languages the wide forms too."""

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def harmless(text: str) -> str:
    """The text behind an apostrophe where a spreadsheet would run it."""
    return f"'{text}" if text.startswith(FORMULA) else text


def harmless_sql(expression: str) -> str:
    """The SQL that does to a text what `harmless` does."""
    return f"regexp_replace({expression}, '^([-=+@\t\r\n＝＋－＠])', '''\\1')"
