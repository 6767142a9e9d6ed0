"""What a person types, one file an object: each hands its program to `service.cli`."""
