"""The doors in: one file for each source, and the parts that the doors share."""
