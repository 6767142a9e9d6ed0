"""Figures come in: the words, the readers, the rules, and the life of a submission from bytes to vintage."""
