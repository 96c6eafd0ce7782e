"""A warehouse through its turns: loads, and runs of dbt that may go wrong."""

from random import Random

from tests.history.dbt_process import Fault, in_child
from tests.history.story import Settings, Turn, turns
from tests.history.tables import keep, restore
from tests.history.warehouse import Warehouse


def live(warehouse: Warehouse, seed: int, settings: Settings) -> None:
    """Go through the turns of a seed."""
    for turn in turns(seed, settings):
        warehouse.merge(*turn.completed, *turn.loads)
        if turn.number == 0:
            warehouse.build_everything()
            _keep(warehouse)
        else:
            _run(warehouse, turn)


def _run(warehouse: Warehouse, turn: Turn) -> None:
    roll = turn.roll
    match turn.run:
        case "run":
            warehouse.build()
        case "some models":
            some = roll.sample(warehouse.needed, roll.randrange(1, 4))
            warehouse.build(some if roll.random() < 0.3 else warehouse.with_parents(some))
        case "fails":
            fault = Fault(roll.choice(warehouse.needed), roll.choice(["before", "within", "after"]))
            warehouse.build(fault=fault)
        case "killed":
            warehouse.build(fault=Fault(killed_at=roll.randrange(1, warehouse.events + 1)))
        case "one model refreshed":
            warehouse.build([_any(warehouse, roll)], "--full-refresh")
        case "one table restored":
            in_child(restore, warehouse.path, roll.choice(_growing(warehouse)), "OLDER")
    if turn.run not in ("run", "none"):
        warehouse.outcome.faults += 1
        _afterwards(warehouse, roll)
    if roll.random() < 0.2:
        _keep(warehouse)


def _afterwards(warehouse: Warehouse, roll: Random) -> None:
    """Catch up after a fault, build one model alone, or leave both to the next turn."""
    share = roll.random()
    if share < 0.5:
        warehouse.build()
    elif share < 0.75:
        warehouse.build([_any(warehouse, roll)])


def _any(warehouse: Warehouse, roll: Random) -> str:
    """Return an incremental model, mostly one of MART: what others look up there is lost when it is built alone."""
    marts = [name for name in warehouse.incremental if warehouse.manifest.nodes[name].schema == "MART"]
    return roll.choice(marts if roll.random() < 0.6 else warehouse.incremental)


def _growing(warehouse: Warehouse) -> list:
    return [table for table in warehouse.tables if table.node in warehouse.incremental]


def _keep(warehouse: Warehouse) -> None:
    in_child(keep, warehouse.path, _growing(warehouse), "OLDER")
