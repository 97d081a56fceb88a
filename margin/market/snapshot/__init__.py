"""The embedded snapshot: dated figures that need no network."""
