"""A double of GitLab's REST API v4 as far as CI/CD variables of projects go.

It validates keys, masking and descriptions, shows no value of a hidden variable, tells scopes apart by
`filter[environment_scope]`, and words refusals as GitLab does. It speaks plain HTTP.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from tools.doubles.messages import Answer, Refusal, Request
from tools.doubles.routes import route
from tools.doubles.server import HttpDouble

MAINTAINER = 40
_API = "/api/v4"
_PROJECT = _API + "/projects/{project}"
_EXPANDED = re.compile(r"[a-zA-Z0-9_+=/@:.~-]{8,}")
_RAW = re.compile(r"\S{8,}")
_KEY = re.compile(r"\w{1,255}", re.ASCII)
_DESCRIPTION = 255
_FIELDS = ("value", "variable_type", "protected", "masked", "raw", "description", "environment_scope")

Variable = dict[str, Any]


@dataclass
class Project:
    """One project: its members' access levels, and its variables by key and scope."""

    id: int
    path: str
    members: dict[str, int] = field(default_factory=dict)
    variables: dict[tuple[str, str], Variable] = field(default_factory=dict)


class GitLabDouble(HttpDouble):
    """One GitLab.

    Attributes:
        jobs: principals whose tokens are those of jobs.
        keeps_descriptions: False as before 16.2: they are ignored.
        hides: False as before 17.4: `masked_and_hidden` is ignored.
    """

    def __init__(self) -> None:
        self.jobs: set[str] = set()
        self.keeps_descriptions = True
        self.hides = True
        self.api = Api(self)
        super().__init__(self.api)

    def token_of(self, request: Request) -> str:
        job = request.headers.get("job-token")
        if job:
            return job if self._principals.get(job) in self.jobs else ""
        return request.headers.get("private-token") or super().token_of(request)

    def unauthorized(self, request: Request) -> Answer:
        return refused(HTTPStatus.UNAUTHORIZED, "401 Unauthorized")

    def forbidden(self, request: Request, permission: str) -> Answer:
        return refused(HTTPStatus.FORBIDDEN, "403 Forbidden")

    def absent(self, request: Request) -> Answer:
        return Answer(HTTPStatus.NOT_FOUND, {"error": "404 Not Found"})


class Api:
    """The routes, and what is kept.

    Attributes:
        projects: by path.
    """

    def __init__(self, server: GitLabDouble) -> None:
        self._server = server
        self.projects: dict[str, Project] = {}

    def add_project(self, path: str, **members: int) -> Project:
        self.projects[path] = Project(len(self.projects) + 1, path, dict(members))
        return self.projects[path]

    @route("GET", _API + "/user")
    def user(self, request: Request) -> Variable:
        if request.principal in self._server.jobs:
            raise Refusal(self._server.unauthorized(request))
        return {"id": 1, "username": request.principal, "state": "active"}

    @route("GET", _API + "/job")
    def job(self, request: Request) -> Variable:
        if request.principal not in self._server.jobs:
            raise Refusal(self._server.absent(request))
        return {"id": 7, "user": {"username": request.principal}}

    @route("GET", _API + "/version")
    def version(self, request: Request) -> Variable:
        return {"version": "18.0.0-double", "revision": "0"}

    @route("GET", _API + "/projects")
    def list_projects(self, request: Request) -> Answer:
        least = int(request.query.get("min_access_level", 0))
        found = [each for each in self.projects.values() if each.members.get(request.principal, 0) >= max(least, 1)]
        return paged(request, [{"id": each.id, "path_with_namespace": each.path} for each in found])

    @route("GET", _PROJECT)
    def read_project(self, request: Request) -> Variable:
        found = self._visible(request)
        return {"id": found.id, "path_with_namespace": found.path, "name": found.path.rsplit("/", 1)[-1]}

    @route("GET", _PROJECT + "/variables")
    def list_variables(self, request: Request) -> Answer:
        return paged(request, [self._shown(each) for each in self._project(request).variables.values()])

    @route("GET", _PROJECT + "/variables/{key}")
    def read(self, request: Request) -> Variable:
        return self._shown(self._variable(request))

    @route("POST", _PROJECT + "/variables")
    def create(self, request: Request) -> Answer:
        project, asked = self._project(request), request.json()
        key, scope = asked.get("key", ""), asked.get("environment_scope", "*")
        if (key, scope) in project.variables:
            raise Refusal(refused(HTTPStatus.BAD_REQUEST, {"key": [f"({key}) has already been taken"]}))
        hidden = bool(asked.get("masked_and_hidden")) and self._server.hides
        usual = {"variable_type": "env_var", "protected": False, "masked": hidden, "raw": False, "description": None}
        told = {name: asked[name] for name in _FIELDS if name in asked}
        made = {"key": key, **usual, **told, "hidden": hidden, "environment_scope": scope}
        made["masked"] = made["masked"] or hidden
        project.variables[key, scope] = self._valid(made)
        return Answer(HTTPStatus.CREATED, self._shown(made))

    @route("PUT", _PROJECT + "/variables/{key}")
    def update(self, request: Request) -> Variable:
        found, asked = self._variable(request), request.json()
        changed = {**found, **{name: asked[name] for name in _FIELDS if name in asked}}
        if found["hidden"] and changed["masked"] != found["masked"]:
            text = "Updating masked attribute is not allowed on updates for hidden variables."
            raise Refusal(refused(HTTPStatus.BAD_REQUEST, {"base": [text]}))
        found |= self._valid(changed)
        return self._shown(found)

    @route("DELETE", _PROJECT + "/variables/{key}")
    def delete(self, request: Request) -> Answer:
        found = self._variable(request)
        del self._project(request).variables[found["key"], found["environment_scope"]]
        return Answer(HTTPStatus.NO_CONTENT)

    def _valid(self, variable: Variable) -> Variable:
        problems: dict[str, list[str]] = {}
        if not _KEY.fullmatch(variable["key"]):
            problems["key"] = ["can contain only letters, digits and '_'."]
        if variable["masked"] and not (_RAW if variable["raw"] else _EXPANDED).fullmatch(variable.get("value") or ""):
            problems["value"] = ["is invalid"]
        if len(variable["description"] or "") > _DESCRIPTION:
            problems["description"] = [f"is too long (maximum is {_DESCRIPTION} characters)"]
        if problems:
            raise Refusal(refused(HTTPStatus.BAD_REQUEST, problems))
        if not self._server.keeps_descriptions:
            variable["description"] = None
        return variable

    def _shown(self, variable: Variable) -> Variable:
        return {**variable, "value": None if variable["hidden"] else variable["value"]}

    def _visible(self, request: Request) -> Project:
        wanted = request.params["project"]
        found = next((each for each in self.projects.values() if wanted in (each.path, str(each.id))), None)
        if found is None or request.principal not in found.members:
            raise Refusal(refused(HTTPStatus.NOT_FOUND, "404 Project Not Found"))
        return found

    def _project(self, request: Request) -> Project:
        found = self._visible(request)
        if found.members[request.principal] < MAINTAINER:
            raise Refusal(self._server.forbidden(request, "variables"))
        return found

    def _variable(self, request: Request) -> Variable:
        variables, scope = self._project(request).variables, request.query.get("filter[environment_scope]")
        found = [v for (key, at), v in variables.items() if key == request.params["key"] and scope in (None, at)]
        if not found:
            raise Refusal(refused(HTTPStatus.NOT_FOUND, "404 Variable Not Found"))
        if len(found) > 1:
            text = "There are multiple variables with provided parameters. Please use 'filter[environment_scope]'"
            raise Refusal(refused(HTTPStatus.CONFLICT, text))
        return found[0]


def paged(request: Request, found: list[Variable]) -> Answer:
    """Answer with one page, and say where the next is."""
    size, page = min(int(request.query.get("per_page", 20)), 100), int(request.query.get("page", 1))
    pages = max(1, -(-len(found) // size))
    headers = {"X-Page": str(page), "X-Per-Page": str(size), "X-Total": str(len(found)), "X-Total-Pages": str(pages)}
    if page < pages:
        rest = "".join(f"&{name}={value}" for name, value in request.query.items() if name not in ("page", "per_page"))
        address = f"http://{request.headers['host']}{request.path}?page={page + 1}&per_page={size}{rest}"
        headers |= {"X-Next-Page": str(page + 1), "Link": f'<{address}>; rel="next"'}
    return Answer(HTTPStatus.OK, found[(page - 1) * size : page * size], headers)


def refused(status: int, message: Any) -> Answer:
    """Refuse, as GitLab words it."""
    return Answer(status, {"message": message})
