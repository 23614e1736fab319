"""Long-running operations, which the double has done when it answers."""

from __future__ import annotations

from itertools import count
from typing import Any

from tools.doubles.gcp.errors import refuse
from tools.doubles.messages import Request
from tools.doubles.routes import route

_NUMBERS = count(1)


class Operations:
    """The operations of Cloud Run (v2) and Artifact Registry (v1).

    Attributes:
        by_name: each, as the API shows it.
    """

    def __init__(self) -> None:
        self.by_name: dict[str, dict[str, Any]] = {}

    def done(self, place: str, kind: str, response: dict[str, Any]) -> dict[str, Any]:
        """Make an operation that is done.

        Args:
            place: `projects/P/locations/L`.
            kind: the type of its response, such as `google.cloud.run.v2.Service`.
            response: what came out.
        """
        name = f"{place}/operations/{next(_NUMBERS):032x}"
        told = {"@type": f"type.googleapis.com/{kind}", **response}
        self.by_name[name] = {"name": name, "done": True, "response": told}
        return self.by_name[name]

    @route("GET", "/v2/projects/{project}/locations/{location}/operations/{operation}", needs="run.operations.get")
    @route("GET", "/v1/projects/{project}/locations/{location}/operations/{operation}")
    def get(self, request: Request) -> Any:
        name = "projects/{project}/locations/{location}/operations/{operation}".format_map(request.params)
        if name not in self.by_name:
            raise refuse("NOT_FOUND", f"Operation {name} not found.")
        return self.by_name[name]
