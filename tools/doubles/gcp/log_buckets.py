"""Cloud Logging v2: buckets and their views, by which alone logs can be opened to somebody without the project's.

Every project has the buckets `_Default` and `_Required` in `global`, with the views `_AllLogs`, and `_Default` too.
Sources: Cloud Logging, 'Configure log views'; REST reference, `projects.locations.buckets`, `…views`; 'Access control
with IAM'.
"""

from __future__ import annotations

import re
from typing import Any

from tools.doubles.gcp.errors import refuse
from tools.doubles.gcp.masks import change, chosen, masked
from tools.doubles.gcp.names import Clock, page_of, stamp
from tools.doubles.gcp.policies import Policies
from tools.doubles.messages import Request
from tools.doubles.routes import route

_PLACE = "projects/{project}/locations/{location}"
_BUCKETS = f"/v2/{_PLACE}/buckets"
_BUCKET = _BUCKETS + "/{bucket}"
_VIEWS = _BUCKET + "/views"
VIEW = _VIEWS + "/{view}"
_ID = re.compile(r"[A-Za-z][\w.-]{0,99}", re.ASCII)
_GIVEN = {"_Default": ("_AllLogs", "_Default"), "_Required": ("_AllLogs",)}
"""The buckets that every project has, and their views."""

_BUCKET_FIELDS = ("description", "retentionDays", "locked", "analyticsEnabled")
_VIEW_FIELDS = ("description", "filter")


class LogBuckets:
    """Every log bucket and view of every project.

    Attributes:
        buckets: what the API shows of each bucket, by resource name.
        views: what it shows of each view, by resource name.
    """

    def __init__(self, now: Clock, policies: Policies) -> None:
        self.buckets: dict[str, dict[str, Any]] = {}
        self.views: dict[str, dict[str, Any]] = {}
        self._now, self._policies = now, policies

    def view(self, name: str) -> dict[str, Any]:
        """Find a view by its resource name."""
        self._meet(name.split("/")[1])
        if name not in self.views:
            raise refuse("NOT_FOUND", f"View {name} does not exist")
        return self.views[name]

    @route("POST", _BUCKETS, needs="logging.buckets.create")
    def create_bucket(self, request: Request) -> Any:
        name = self._new(request, f"{_PLACE}/buckets", "bucketId", self.buckets)
        self._make_bucket(name, request.json())
        self._make_view(f"{name}/views/_AllLogs", {})
        return self.buckets[name]

    @route("GET", _BUCKET, needs="logging.buckets.get")
    def bucket(self, request: Request) -> Any:
        return self.buckets[self._bucket(request)]

    @route("GET", _BUCKETS, needs="logging.buckets.list")
    def list_buckets(self, request: Request) -> Any:
        self._meet(request.params["project"])
        start = f"{_PLACE.format_map(request.params)}/buckets/"
        found = [facts for name, facts in sorted(self.buckets.items()) if name.startswith(start)]
        return page_of(found, "buckets", request.query.get("pageSize", ""), request.query.get("pageToken", ""))

    @route("DELETE", _BUCKET, needs="logging.buckets.delete")
    def delete_bucket(self, request: Request) -> Any:
        name = self._bucket(request)
        if name.rpartition("/")[2] in _GIVEN:
            raise refuse("INVALID_ARGUMENT", "The bucket can't be deleted.")
        for view in [each for each in self.views if each.startswith(f"{name}/")]:
            del self.views[view]
            self._policies.detach(view)
        # It can be undeleted for seven days, which the double knows as its state only.
        self.buckets[name]["lifecycleState"] = "DELETE_REQUESTED"
        return {}

    @route("POST", _VIEWS, needs="logging.views.create")
    def create_view(self, request: Request) -> Any:
        self._bucket(request)
        name = self._new(request, f"{_PLACE}/buckets/{{bucket}}/views", "viewId", self.views)
        return self._make_view(name, request.json())

    @route("GET", VIEW, needs="logging.views.get")
    def get_view(self, request: Request) -> Any:
        return self.view(_view_name(request))

    @route("GET", _VIEWS, needs="logging.views.list")
    def list_views(self, request: Request) -> Any:
        start = f"{self._bucket(request)}/views/"
        found = [facts for name, facts in sorted(self.views.items()) if name.startswith(start)]
        return page_of(found, "views", request.query.get("pageSize", ""), request.query.get("pageToken", ""))

    @route("PATCH", VIEW, needs="logging.views.update")
    def patch_view(self, request: Request) -> Any:
        view = self.view(_view_name(request))
        change(view, request.json(), masked(request.query.get("updateMask", ""), _VIEW_FIELDS))
        view["updateTime"] = stamp(self._now())
        return view

    @route("DELETE", VIEW, needs="logging.views.delete")
    def delete_view(self, request: Request) -> Any:
        name = self.view(_view_name(request))["name"]
        del self.views[name]
        self._policies.detach(name)
        return {}

    def _bucket(self, request: Request) -> str:
        self._meet(request.params["project"])
        name = f"{_PLACE.format_map(request.params)}/buckets/{request.params['bucket']}"
        if name not in self.buckets:
            raise refuse("NOT_FOUND", f"Bucket {name} does not exist")
        return name

    def _new(self, request: Request, pattern: str, field: str, known: dict[str, Any]) -> str:
        self._meet(request.params["project"])
        id_ = request.query.get(field, "")
        name = f"{pattern.format_map(request.params)}/{id_}"
        if not _ID.fullmatch(id_):
            raise refuse("INVALID_ARGUMENT", f"{field} is no id of at most 100 letters, digits, '_', '-', '.'.")
        if name in known:
            raise refuse("ALREADY_EXISTS", f"{name} already exists")
        return name

    def _meet(self, project: str) -> None:
        """Let a project have what every project has."""
        for bucket, views in _GIVEN.items():
            name = f"projects/{project}/locations/global/buckets/{bucket}"
            if name not in self.buckets:
                self._make_bucket(name, {})
                for view in views:
                    self._make_view(f"{name}/views/{view}", {})

    def _make_bucket(self, name: str, asked: dict[str, Any]) -> None:
        times = {"createTime": stamp(self._now()), "updateTime": stamp(self._now())}
        told = {"retentionDays": 30, **chosen(asked, _BUCKET_FIELDS)}
        self.buckets[name] = {"name": name, **times, **told, "lifecycleState": "ACTIVE"}

    def _make_view(self, name: str, asked: dict[str, Any]) -> dict[str, Any]:
        times = {"createTime": stamp(self._now()), "updateTime": stamp(self._now())}
        self.views[name] = {"name": name, **times, **chosen(asked, _VIEW_FIELDS)}
        self._policies.attach(name, f"projects/{name.split('/')[1]}")
        return self.views[name]


def _view_name(request: Request) -> str:
    return f"{_PLACE}/buckets/{{bucket}}/views/{{view}}".format_map(request.params)
