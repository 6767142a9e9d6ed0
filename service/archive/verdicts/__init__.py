"""What the observations say about a target, with the arithmetic."""
