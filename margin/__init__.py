"""Tandem's margin engine: exact cross-margin figures for perpetual futures accounts."""
