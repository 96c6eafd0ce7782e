"""Files and objects: atomic writes, digests, and paths of a lake that is a folder or on S3.

Any part of the engine may use it; it imports nothing of the engine but errors.
"""
