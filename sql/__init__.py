"""The schema: migrations written as SQL, the as-of rule, and what the database never lets happen."""
