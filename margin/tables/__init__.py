"""Results as rows and as files."""
