"""What the figures say of what was promised: inputs from the store, methods that judge, sentences that explain."""
