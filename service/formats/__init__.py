"""Formats: how figures are written for the programs that read them, streamed as they come from the database.

A writer takes a connection, the statement of `question.whole` and what `metadata` says of the answer, and yields bytes.
It keeps no more in memory than a batch of rows; what a format cannot hold is refused before the first byte.
"""
