"""Numbers alone: tier tables, legs, books and the exact walk to a level.

Knows no scenario and no venue.
"""
