"""The doctor's checks of this machine and of AWS Secrets Manager, and its list of the settings that count.

`pipelines/doctor.py` uses them. Checks of sources, lake and warehouse are in exactly_once/diagnostics/.
"""
