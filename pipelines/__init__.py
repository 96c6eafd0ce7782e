"""MailBlaze's pipelines: which tables and endpoints are loaded, and where each environment's rows go.

Run `postgres`, `saas`, `replay` and `doctor` as commands; other code imports `environment` and `runs`. How rows are
read, loaded and recovered is in exactly_once/, which knows nothing of MailBlaze.
"""

from pathlib import Path

# dlt's state names a destination by its module: the names of earlier versions still resolve.
__path__.append(str(Path(__file__).parent / "earlier_names"))
