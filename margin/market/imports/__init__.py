"""Positions from pasted tables, from files, and from what programs print."""
