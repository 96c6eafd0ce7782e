"""Our own pipelines under fire: each door and an appending pipeline, over a folder and over S3."""
