"""Tries to refute what a private run claims: canaries in a real run, and checks that known bugs do not pass."""
