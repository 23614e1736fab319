"""The double's BigQuery, whose client isn't installed here.

It is driven over plain REST with google-auth's AuthorizedSession, as its REST reference describes the methods.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.doubles.gcp_cast import DAY, PARENT, WORKER, Cast, refusal
from tools.doubles.gcp import GcpDouble
from tools.doubles.gcp.double import PROJECT

DATASET, TABLE = f"{PARENT}/datasets/shop", f"{PARENT}/datasets/shop/tables/orders"


@pytest.fixture
def cast(tmp_path: Path) -> Iterator[Cast]:
    with GcpDouble() as double:
        yield Cast(double, tmp_path)


@pytest.fixture
def table(cast: Cast) -> Cast:
    cast.ask("POST", f"/bigquery/v2/{PARENT}/datasets", {"datasetReference": {"datasetId": "shop"}})
    fields = [{"name": "id", "type": "INTEGER"}, {"name": "what", "type": "STRING"}]
    asked = {"tableReference": {"tableId": "orders"}, "schema": {"fields": fields}}
    assert cast.ask("POST", f"/bigquery/v2/{DATASET}/tables", asked)["id"] == f"{PROJECT}:shop.orders"
    return cast


def rows(cast: Cast, name: str = "worker") -> Any:
    return cast.ask("GET", f"/bigquery/v2/{TABLE}/data", name=name)


def test_rows_go_in_and_come_out(table: Cast) -> None:
    insert = f"/bigquery/v2/{TABLE}/insertAll"
    assert "insertErrors" not in table.ask("POST", insert, {"rows": [{"json": {"id": 1, "what": "tea"}}]})
    assert table.ask("POST", insert, {"rows": [{"json": {"who": "x"}}]})["insertErrors"][0]["index"] == 0
    assert rows(table, "operator")["rows"] == [{"f": [{"v": "1"}, {"v": "tea"}]}]
    asked = {"query": "SELECT what FROM `nhi-tests.shop.orders`", "useLegacySql": False}
    answer = table.ask("POST", f"/bigquery/v2/{PARENT}/queries", asked)
    assert (answer["jobComplete"], answer["rows"]) == (True, [{"f": [{"v": "tea"}]}])
    job = answer["jobReference"]["jobId"]
    assert table.ask("GET", f"/bigquery/v2/{PARENT}/queries/{job}")["rows"] == answer["rows"]
    wrong = table.ask("POST", f"/bigquery/v2/{PARENT}/queries", {"query": "DROP TABLE shop.orders"})
    assert wrong["error"]["errors"][0]["reason"] == "invalidQuery"


def test_datasets_and_tables_live_and_die(table: Cast) -> None:
    again = table.ask("POST", f"/bigquery/v2/{PARENT}/datasets", {"datasetReference": {"datasetId": "shop"}})
    assert again["error"]["errors"][0]["reason"] == "duplicate"
    changed = table.ask("PATCH", f"/bigquery/v2/{DATASET}", {"labels": {"team": "orders"}})
    assert (changed["labels"], changed["location"]) == ({"team": "orders"}, "US")
    used = table.ask("DELETE", f"/bigquery/v2/{DATASET}")
    assert used["error"]["errors"][0]["reason"] == "resourceInUse"
    assert table.session().delete(f"{table.url}/bigquery/v2/{DATASET}?deleteContents=true").status_code == 204
    assert table.ask("GET", f"/bigquery/v2/{DATASET}")["error"]["message"] == f"Not found: Dataset {PROJECT}:shop"
    assert not table.double.policies.exists(TABLE)


def test_a_dataset_s_access_is_its_policy_in_other_words(table: Cast) -> None:
    first = table.ask("GET", f"/bigquery/v2/{DATASET}")["access"]
    assert {"role": "OWNER", "specialGroup": "projectOwners"} in first
    role, email = "roles/bigquery.dataViewer", WORKER.removeprefix("serviceAccount:")
    view = {"view": {"projectId": PROJECT, "datasetId": "shop", "tableId": "v"}}
    access = [*first, {"role": role, "userByEmail": email}, view]
    shown = table.ask("PATCH", f"/bigquery/v2/{DATASET}", {"access": access})["access"]
    assert {"role": "READER", "userByEmail": email} in shown
    assert view in shown
    bindings = table.double.policies.get(DATASET)["bindings"]
    assert WORKER in next(each["members"] for each in bindings if each["role"] == role)
    table.ask("DELETE", f"/v1/{PARENT}/serviceAccounts/{email}")
    (left,) = (each for each in table.ask("GET", f"/bigquery/v2/{DATASET}")["access"] if "iamMember" in each)
    assert left["iamMember"].startswith(f"deleted:{WORKER}?uid=")


def test_who_may_change_a_dataset_gives_nobody_access(table: Cast) -> None:
    table.double.deny(f"operator@{PROJECT}.iam.gserviceaccount.com", "bigquery.datasets.setIamPolicy")
    dataset = f"/bigquery/v2/{DATASET}"
    assert "bigquery.datasets.setIamPolicy" in refusal(table.ask("PATCH", dataset, {"access": []}))
    assert table.ask("PATCH", dataset, {"description": "x"})["description"] == "x"


def test_conditional_access_needs_the_third_version(table: Cast) -> None:
    email = WORKER.removeprefix("serviceAccount:")
    entry = {"role": "READER", "userByEmail": email, "condition": table.condition()}
    access = [*table.ask("GET", f"/bigquery/v2/{DATASET}")["access"], entry]
    plain, third = f"/bigquery/v2/{DATASET}", f"/bigquery/v2/{DATASET}?accessPolicyVersion=3"
    assert "accessPolicyVersion 3" in table.ask("PATCH", plain, {"access": access})["error"]["message"]
    assert entry in table.ask("PATCH", third, {"access": access})["access"]
    hidden = [each["role"] for each in table.ask("GET", plain)["access"] if each.get("userByEmail") == email]
    assert "roles/bigquery.dataViewer_withcond_" in hidden[0]
    assert "accessPolicyVersion 3" in table.ask("PATCH", plain, {"access": access[:-1]})["error"]["message"]
    assert "accessPolicyVersion" in table.ask("GET", f"{plain}?accessPolicyVersion=2")["error"]["message"]


def test_a_table_takes_a_binding_and_no_condition(table: Cast) -> None:
    assert "bigquery.tables.getData" in refusal(rows(table))
    set_ = f"/bigquery/v2/{TABLE}:setIamPolicy"
    dated = {"version": 3, "bindings": [table.binding("roles/bigquery.dataViewer")]}
    assert table.ask("POST", set_, {"policy": dated})["error"]["code"] == 400
    table.ask("POST", set_, {"policy": {"bindings": [table.binding("roles/bigquery.dataViewer", ends=False)]}})
    assert "bindings" in table.ask("POST", f"/bigquery/v2/{TABLE}:getIamPolicy", {})
    assert rows(table)["totalRows"] == "0"
    insert = table.ask("POST", f"/bigquery/v2/{TABLE}/insertAll", {"rows": []}, "worker")
    assert "bigquery.tables.updateData" in refusal(insert)


def test_a_query_needs_the_job_and_the_data(table: Cast) -> None:
    asked = {"query": "SELECT * FROM shop.orders"}
    query = f"/bigquery/v2/{PARENT}/queries"
    assert "bigquery.jobs.create" in refusal(table.ask("POST", query, asked, "worker"))
    table.bind("roles/bigquery.jobUser", PARENT)
    assert f"query table {PROJECT}:shop.orders" in refusal(table.ask("POST", query, asked, "worker"))
    assert "datasets" not in table.ask("GET", f"/bigquery/v2/{PARENT}/datasets", name="worker")
    table.bind("roles/bigquery.dataViewer", DATASET)
    (seen,) = table.ask("GET", f"/bigquery/v2/{PARENT}/datasets", name="worker")["datasets"]
    assert seen["datasetReference"]["datasetId"] == "shop"
    assert table.ask("POST", query, asked, "worker")["totalRows"] == "0"


@pytest.mark.parametrize("resource", [DATASET, PARENT])
def test_what_a_binding_opens_is_closed_when_it_ends(table: Cast, resource: str) -> None:
    assert "bigquery.tables.getData" in refusal(rows(table))
    table.bind("roles/bigquery.dataViewer", resource)
    assert rows(table)["totalRows"] == "0"
    table.double.ahead += 2 * DAY
    assert "bigquery.tables.getData" in refusal(rows(table))


def test_without_a_match_on_the_etag_the_last_writer_wins(table: Cast) -> None:
    stale = table.ask("GET", f"/bigquery/v2/{DATASET}")
    table.ask(
        "PATCH", f"/bigquery/v2/{DATASET}", {"access": [*stale["access"], {"role": "READER", "domain": "a.example"}]}
    )
    headers = {"If-Match": stale["etag"]}
    url = f"{table.url}/bigquery/v2/{DATASET}"
    asked = {"access": stale["access"]}
    assert table.session().patch(url, json=asked, headers=headers).status_code == 412
    assert len(table.session().patch(url, json=asked).json()["access"]) == len(stale["access"])


def test_jobs_are_seen_by_their_owner_and_by_whom_may_list_them(table: Cast) -> None:
    jobs, query = f"/bigquery/v2/{PARENT}/jobs", {"query": {"query": "SELECT 1"}}
    table.bind("roles/bigquery.jobUser", PARENT)
    job = table.ask("POST", jobs, {"configuration": query}, "worker")["jobReference"]["jobId"]
    assert table.ask("GET", f"/bigquery/v2/{PARENT}/queries/{job}", name="worker")["rows"] == [{"f": [{"v": "1"}]}]
    assert "bigquery.jobs.list" in refusal(table.ask("GET", f"{jobs}?allUsers=true", name="worker"))
    (seen,) = table.ask("GET", f"{jobs}?allUsers=true")["jobs"]
    assert seen["user_email"] == WORKER.removeprefix("serviceAccount:")
    assert "jobs" not in table.ask("GET", jobs)
    theirs = table.ask("POST", jobs, {"configuration": query})["jobReference"]["jobId"]
    assert "bigquery.jobs.get" in refusal(table.ask("GET", f"{jobs}/{theirs}", name="worker"))


def test_whole_tables_go_out_only_with_every_right(table: Cast) -> None:
    jobs, source = f"/bigquery/v2/{PARENT}/jobs", {"projectId": PROJECT, "datasetId": "shop", "tableId": "orders"}
    table.ask("POST", f"/bigquery/v2/{TABLE}/insertAll", {"rows": [{"json": {"id": 1, "what": "tea"}}]})
    copy = {"configuration": {"copy": {"sourceTable": source, "destinationTable": {**source, "tableId": "copied"}}}}
    extract = {"configuration": {"extract": {"sourceTable": source, "destinationUris": ["gs://shop-out/rows.json"]}}}
    table.ask("POST", f"/storage/v1/b?project={PROJECT}", {"name": "shop-out"})
    table.bind("roles/bigquery.jobUser", PARENT)
    assert "bigquery.tables.export" in refusal(table.ask("POST", jobs, extract, "worker"))
    table.bind("roles/bigquery.dataViewer", DATASET)
    assert "bigquery.tables.create" in refusal(table.ask("POST", jobs, copy, "worker"))
    assert "storage.objects.create" in refusal(table.ask("POST", jobs, extract, "worker"))
    assert table.ask("POST", jobs, extract)["status"] == {"state": "DONE"}
    written = table.session().get(f"{table.url}/storage/v1/b/shop-out/o/rows.json?alt=media")
    assert written.content == b'{"id": 1, "what": "tea"}\n'
    assert table.ask("POST", jobs, copy)["configuration"]["jobType"] == "COPY"
    assert table.ask("GET", f"/bigquery/v2/{DATASET}/tables/copied")["numRows"] == "1"
