"""What a doctor looks at in a REST source: its settings, whether it answers, and whether each endpoint gives a page."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from dlt.sources.helpers.requests import Client

from exactly_once.diagnostics.check import Check
from exactly_once.diagnostics.context import DoctorContext
from exactly_once.errors import PipelineError
from exactly_once.rest_api.client import ApiClient
from exactly_once.rest_api.paging import select_objects
from exactly_once.rest_api.spec import Endpoint
from exactly_once.rest_api.values.json_values import parse
from exactly_once.source_info import SourceInfo


def rest_checks(
    context: DoctorContext,
    info: SourceInfo,
    source: Any,
    client: Callable[[Any], ApiClient],
    endpoints: Sequence[Endpoint],
) -> list[Check]:
    """Return the checks of one source, in the order in which they run.

    Args:
        context: of the examination.
        info: of the source; its name begins each line.
        source: the function under @dlt.source, whose settings are resolved as a load does.
        client: returns the API for these settings.
        endpoints: of the source.
    """

    def resolved() -> ApiClient:
        return client(context.source_settings(source, info.name))

    fix = f"correct {info.setting('base_url')} or .dlt/secrets.toml"
    settings, reachable = f"{info.name} settings", f"{info.name} reachable"
    return [
        Check(settings, lambda: resolved().base_url, ("environment",), fix),
        Check(reachable, partial(_answers, resolved), (settings,), fix),
        *(
            Check(f"{info.name} {endpoint.name}", partial(_gives_a_page, resolved, endpoint), (reachable,), fix)
            for endpoint in endpoints
        ),
    ]


def _answers(client: Callable[[], ApiClient]) -> str:
    """Get any answer at all, without the token."""
    answer = _requests(raise_for_status=False).get(client().base_url)
    return f"answers in {answer.elapsed.total_seconds() * 1000:.0f} ms"


def _gives_a_page(client: Callable[[], ApiClient], endpoint: Endpoint) -> str:
    """Ask for one object with the token."""
    api = client()
    address, paging = api.url(endpoint), api.paging
    params = ({paging.page_size_param: 1} if paging.page_size_param else {}) | dict(endpoint.params)
    answer = _requests().get(address, auth=api.auth, params=params)
    if answer.history and urlsplit(answer.url).netloc != urlsplit(address).netloc:
        raise PipelineError(
            f"{address} leads to another server, {urlsplit(answer.url).netloc}; correct {api.info.setting('base_url')}"
        )
    objects: Any = []
    if answer.status_code != 204:
        try:
            objects = select_objects(parse(answer.content)[0], endpoint.data_selector or paging.data_selector)
        except ValueError:
            objects = None
    if objects is None:
        raise PipelineError(f"{address} does not answer with a page of objects ({answer.text[:40]!r})")
    return f"token accepted, {len(objects)} object"


def _requests(raise_for_status: bool = True) -> Client:
    return Client(request_timeout=10, request_max_attempts=1, raise_for_status=raise_for_status)
