"""Questions to the stored figures. A question takes an open connection and answers in words; it knows no HTTP."""
