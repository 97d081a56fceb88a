"""The update of the snapshot from the live venues."""
