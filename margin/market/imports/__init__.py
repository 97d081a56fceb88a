"""Positions out of what a person has: pasted tables, files of any of their forms, and dumps of programs."""
