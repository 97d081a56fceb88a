"""Answers of the venues, kept in memory and on disk, and refreshed in the background."""
