"""Web hooks: changes posted to whoever asked for them, signed, in order, until they are taken."""
