"""Microsoft.Management: the management groups above the subscriptions, of which the root group is always there.

Source: REST reference `Management Groups - List` (those that the caller may read).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tools.doubles.azure.arm import ArmType, page
from tools.doubles.azure.calls import Call
from tools.doubles.azure.directory import TENANT
from tools.doubles.messages import Request

_TYPE = "Microsoft.Management/managementGroups"


class ManagementGroups:
    """Every management group.

    Attributes:
        names: of each, the root group's first.
        page_size: how many of them an answer has at most.
    """

    def __init__(self, may: Callable[[Request, str, str], bool], url: str) -> None:
        self.names = [TENANT]
        self.page_size = 100
        self._may, self._url = may, url

    def types(self) -> Iterator[ArmType]:
        """The types that this is about."""
        yield ArmType(_TYPE, {"LIST": self._list}, is_open=True)

    def _list(self, call: Call) -> Any:
        ids = {f"/providers/{_TYPE}/{name}": name for name in self.names}
        seen = [
            {"id": id_, "name": name, "type": _TYPE, "properties": {"tenantId": TENANT, "displayName": name}}
            for id_, name in ids.items()
            if self._may(call.request, f"{_TYPE}/read", id_)
        ]
        return page(seen, call.request, self._url, self.page_size)
