"""Long-running operations: 202 with `Azure-AsyncOperation` and `Location`, which are asked until it is done.

Source: Azure Resource Manager documentation, 'Track asynchronous Azure operations'.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from tools.doubles.azure.arm import ArmType
from tools.doubles.azure.calls import Call
from tools.doubles.azure.errors import arm
from tools.doubles.messages import Answer

_STATUSES, _RESULTS = "operationStatuses", "operationResults"


@dataclass(slots=True)
class _Begun:
    """An operation that was begun.

    Attributes:
        left: how many more questions are answered as if it had not come through yet.
        finish: what it does then.
        result: what its result is then.
    """

    left: int
    finish: Callable[[], None]
    result: Callable[[], Any]

    def asked(self) -> bool:
        """Whether it has come through; every question brings it nearer."""
        if self.left:
            self.left -= 1
            if self.left == 0:
                self.finish()
            return False
        return True


class Operations:
    """What was begun.

    Attributes:
        slowness: how many questions an operation takes to come through.
    """

    def __init__(self, url: str) -> None:
        self.slowness = 0
        self._url = url
        self._begun: dict[str, _Begun] = {}

    def begin(
        self,
        call: Call,
        *,
        finish: Callable[[], None] = lambda: None,
        result: Callable[[], Any] = lambda: None,
        status: int = 202,
        body: Any = None,
    ) -> Answer:
        """Begin something: done at once without slowness, else after as many questions.

        Args:
            call: what it is about.
            finish: does it.
            result: gives what a question for the result is answered with then; None for nothing.
            status: of the answer; 200 and 201 go with a body.
            body: of the answer.
        """
        number = str(uuid4())
        begun = self._begun[number] = _Begun(self.slowness, finish, result)
        if not begun.left:
            finish()
        namespace = call.namespace
        version = call.request.query.get("api-version", "")
        base = f"{self._url}/subscriptions/{call.subscription}/providers/{namespace}/locations/westeurope"
        headers = {"Azure-AsyncOperation": f"{base}/{_STATUSES}/{number}?api-version={version}", "Retry-After": "0"}
        return Answer(status, body, headers | {"Location": f"{base}/{_RESULTS}/{number}?api-version={version}"})

    def types(self, namespaces: Callable[[], set[str]]) -> Iterator[ArmType]:
        """The types by which operations are asked about, in these namespaces."""
        for namespace in sorted(namespaces()):
            yield ArmType(f"{namespace}/locations/{_STATUSES}", {"GET": self._status}, is_open=True)
            yield ArmType(f"{namespace}/locations/{_RESULTS}", {"GET": self._result}, is_open=True)

    def _status(self, call: Call) -> Any:
        begun = self._find(call)
        state = "Succeeded" if begun.asked() else "InProgress"
        answer = {"id": call.id, "name": call.name, "status": state}
        return Answer(200, answer, {} if state == "Succeeded" else {"Retry-After": "0"})

    def _result(self, call: Call) -> Any:
        begun = self._find(call)
        if not begun.asked():
            here = f"{self._url}{call.request.path}?api-version={call.request.query.get('api-version', '')}"
            return Answer(202, None, {"Location": here, "Retry-After": "0"})
        result = begun.result()
        return Answer(204) if result is None else Answer(200, result)

    def _find(self, call: Call) -> _Begun:
        begun = self._begun.get(call.name)
        if begun is None:
            raise arm(404, "NotFound", f"The operation '{call.name}' was not found.")
        return begun
