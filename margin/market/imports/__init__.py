"""Positions out of what a person has.

Pasted tables, files of any of their forms, and dumps of programs.
"""
