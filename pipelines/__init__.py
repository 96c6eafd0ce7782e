"""MailBlaze's pipelines: which tables and endpoints are loaded, and where each environment's rows go.

Run `postgres`, `saas`, `replay` and `doctor` as commands; other code imports `environment` and `runs`. How rows are
read, loaded and recovered is in exactly_once/, which knows nothing of MailBlaze.
"""

from pathlib import Path

from exactly_once import hints
from exactly_once.messages import services

# dlt's state names a destination by its module: the names of earlier versions still resolve.
__path__.append(str(Path(__file__).parent / "earlier_names"))

hints.use_hints(
    hints.Hints(
        load="python pipelines/{pipeline}.py",
        replay="python pipelines/replay.py {arguments}",
        repair_lease="python pipelines/lease_repair.py {name}",
        doctor="make doctor",
        status="make status",
        end_run="`kill {pid}` on {host}",
        new_data_dir="set MAILBLAZE_DATA_DIR to a new folder, or type make clean run",
    )
)
services.use("pipelines.configuration.service_messages:MailBlazeServices")
