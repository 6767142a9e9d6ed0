"""Reminders of returns that are owed: which, in what words, and by which channel."""
