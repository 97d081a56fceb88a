"""The embedded snapshot: dated figures that work without a network."""
