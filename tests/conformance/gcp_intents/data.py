"""Trials on tables, datasets and jobs."""

from __future__ import annotations

from collections.abc import Iterator

from tests.conformance.gcp_intents.trial import Call, Trial
from tests.conformance.gcp_intents.world import ELSEWHERE, OTHERS, OURS, PROJECT, TABLES

Calls = tuple[Call, ...]
_ROWS, _ARCHIVE = TABLES
_V2 = "/bigquery/v2"
_QUERY = "SELECT id FROM `{table}`"
_NEIGHBOURS = ((PROJECT, OURS, _ARCHIVE), (PROJECT, OTHERS, _ROWS), (ELSEWHERE, OURS, _ROWS))


def trials() -> Iterator[Trial]:
    ours = (PROJECT, OURS, _ROWS)
    table, dataset = _table(*ours), _dataset(PROJECT, OURS)
    of_others = tuple(call for place in _NEIGHBOURS for call in _reading(*place))
    in_ours = (*_reading(*ours), *_reading(PROJECT, OURS, _ARCHIVE), *_finding(PROJECT, OURS))
    beyond_ours = tuple(call for place in _NEIGHBOURS[1:] for call in (*_reading(*place), *_finding(*place[:2])))
    yield Trial(
        "bigquery.read_table",
        table,
        may=_reading(*ours),
        may_not=(*of_others, *_finding(PROJECT, OURS), _appending(*ours), *_ruling(*ours), _querying(*ours)),
    )
    yield Trial(
        "bigquery.read_dataset",
        dataset,
        may=in_ours,
        may_not=(*beyond_ours, _appending(*ours), *_ruling(*ours), _querying(*ours)),
    )
    yield Trial(
        "bigquery.append_rows",
        table,
        may=(_appending(*ours), _reading(*ours)[0]),
        may_not=(
            *(_appending(*place) for place in _NEIGHBOURS),
            *(_reading(*place)[0] for place in _NEIGHBOURS),
            _reading(*ours)[1],
            *_finding(PROJECT, OURS),
            *_ruling(*ours),
            _querying(*ours),
        ),
    )
    yield from _on_jobs()


def _on_jobs() -> Iterator[Trial]:
    ours, project = (PROJECT, OURS, _ROWS), f"projects/{PROJECT}"
    listing = Call("bigquery.jobs.list", project, "GET", f"{_V2}/{project}/jobs?allUsers=true")
    more = (
        *_reading(*ours),
        _appending(*ours),
        *_ruling(*ours),
        _querying(*ours, pays=ELSEWHERE),
        listing.judged("it does not list jobs"),
    )
    nothing = Call("bigquery.jobs.create", project, "POST", f"{_V2}/{project}/queries", {"query": "SELECT 1"})
    yield Trial(
        "bigquery.run_jobs",
        project,
        may=(nothing.judged("it knows no query that reads no table"),),
        may_not=(_querying(*ours, refused="read"), *more),
    )
    read = ("bigquery.read_table", _table(*ours))
    yield Trial(
        "bigquery.run_jobs",
        project,
        may=(_querying(*ours),),
        may_not=(_querying(*_NEIGHBOURS[0], refused="read"), _querying(*_NEIGHBOURS[1], refused="read"), *more[2:]),
        beside=(read,),
    )


def _dataset(project: str, name: str) -> str:
    return f"projects/{project}/datasets/{name}"


def _table(project: str, dataset: str, name: str) -> str:
    return f"{_dataset(project, dataset)}/tables/{name}"


def _reading(project: str, dataset: str, name: str) -> Calls:
    table = _table(project, dataset, name)
    return (
        Call("bigquery.tables.get", table, "GET", f"{_V2}/{table}"),
        Call("bigquery.tables.getData", table, "GET", f"{_V2}/{table}/data"),
    )


def _finding(project: str, name: str) -> Calls:
    dataset = _dataset(project, name)
    return (
        Call("bigquery.datasets.get", dataset, "GET", f"{_V2}/{dataset}"),
        Call("bigquery.tables.list", dataset, "GET", f"{_V2}/{dataset}/tables"),
    )


def _appending(project: str, dataset: str, name: str) -> Call:
    table, body = _table(project, dataset, name), {"rows": [{"json": {"id": "1"}}]}
    return Call("bigquery.tables.updateData", table, "POST", f"{_V2}/{table}/insertAll", body)


def _querying(project: str, dataset: str, name: str, *, pays: str = PROJECT, refused: str = "run") -> Call:
    """A query, for which IAM asks where it is paid, then where it reads; a refusal names one of them."""
    asked = (
        ("bigquery.jobs.create", f"projects/{pays}"),
        ("bigquery.tables.getData", _table(project, dataset, name)),
    )
    first, second = asked if refused == "run" else reversed(asked)
    body = {"query": _QUERY.format(table=f"{project}.{dataset}.{name}")}
    made = Call(*first, "POST", f"{_V2}/projects/{pays}/queries", body).needing(second)
    return made if refused == "run" else made.wordless()


def _ruling(project: str, dataset: str, name: str) -> Calls:
    table, within = _table(project, dataset, name), _dataset(project, dataset)
    path, around = f"{_V2}/{table}", f"{_V2}/{within}"
    reference = {"projectId": project, "datasetId": dataset, "tableId": "new_one"}
    extracting = Call("bigquery.tables.export", table, "POST", f"{_V2}/projects/{project}/jobs")
    copying = Call("bigquery.tables.createSnapshot", table, "POST", f"{_V2}/projects/{project}/jobs")
    return (
        Call("bigquery.tables.update", table, "PATCH", path, {"description": "x"}),
        Call("bigquery.tables.delete", table, "DELETE", path),
        Call("bigquery.tables.setIamPolicy", table, "POST", f"{path}:setIamPolicy", {"policy": {"bindings": []}}),
        Call("bigquery.tables.getIamPolicy", table, "POST", f"{path}:getIamPolicy", {}),
        Call("bigquery.tables.create", within, "POST", f"{around}/tables", {"tableReference": reference}),
        Call("bigquery.datasets.update", within, "PATCH", around, {"access": []}),
        Call("bigquery.datasets.delete", within, "DELETE", f"{around}?deleteContents=true"),
        extracting.judged("it knows query jobs only"),
        copying.judged("it knows query jobs only"),
    )
