"""This platform's subjects: both sources and an appending pipeline, with a folder and with S3 as the lake."""
