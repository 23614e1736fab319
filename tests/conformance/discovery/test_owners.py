"""Who owns identities, and whether they are still there: a double of SCIM, a real git repository, the commands."""

from __future__ import annotations

import json
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
from typer.testing import CliRunner, Result

from nhi_components.cli.app import app
from nhi_components.core.connection import ScimConnection
from nhi_components.core.errors import SpecError, SystemUnreachable
from nhi_components.core.inventory.owning import Owner, Presence
from nhi_components.core.inventory.records import Claim, FoundPerson, Naming, Record, Subject
from nhi_components.core.links import System
from nhi_components.lifecycle.declared.checkouts import Checkouts
from nhi_components.lifecycle.declared.commits import WithOwners
from nhi_components.lifecycle.declared.stacks import stacks_of_folder
from nhi_components.lifecycle.discovery.ports import CursorLapsed, NotSeen, Source
from nhi_components.lifecycle.discovery.scanning import Scanner
from nhi_components.lifecycle.inventory.reading import Chosen, Listed, listed
from nhi_components.lifecycle.inventory.store import open_inventory
from nhi_components.lifecycle.people.scim import ScimPeople
from tests.conformance.aws_world import TRUST
from tests.conformance.discovery.aws_world import AwsDiscoveryWorld
from tests.unit.discovery.fakes import NOW, PlannedDiscovery, role
from tools.doubles.scim import ScimDouble
from tools.lab.sandbox import aws as lab
from tools.lab.sandbox.ports import LOOPBACK
from tools.lab.sandbox.postgres import SUPERUSER, Postgres

TOKEN = "a-token-of-the-identity-provider"
REPOSITORY = "github.com/shop/orders"
AUTHOR = "ann@example.com"


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScimDouble]:
    monkeypatch.setenv("SCIM_TOKEN", TOKEN)
    with ScimDouble() as double:
        double.grant(TOKEN, "reader")
        yield double


def directory(provider: ScimDouble) -> ScimPeople:
    return ScimPeople("corp", ScimConnection(endpoint=provider.endpoint))


def whole(source: Source, name: str) -> list[Record]:
    section, cursor, found = source.section(name), None, list[Record]()
    while True:
        page = section.read(cursor)
        found += page.records
        if page.next is None:
            return found
        cursor = page.next


@pytest.mark.parametrize("page", [2, 3, 100])
def test_users_are_people_and_groups_are_teams_page_by_page(provider: ScimDouble, page: int) -> None:
    provider.page = page
    made = [provider.make(f"User{at}@example.com", active=at != 3) for at in range(7)]
    made[0]["emails"] = [{"value": "Ann@Example.com", "primary": True}, {"type": "work"}]
    groups = [provider.make_group(name) for name in ("Payments", "Orders", "Shop")]
    source = directory(provider)
    assert (source.system, source.place()) == ("scim", provider.endpoint)
    assert source.beginnings() == ("users", "groups")
    names = [(f"user{at}@example.com",) for at in range(7)]
    names[0] = (*names[0], "ann@example.com")
    assert whole(source, "users") == [
        FoundPerson(user["id"], names[at], active=at != 3) for at, user in enumerate(made)
    ]
    assert whole(source, "groups") == [
        FoundPerson(f"team {group['id']}", (group["displayName"].lower(),), active=True) for group in groups
    ]
    assert {request.method for request in provider.log} == {"GET"}


def test_whoever_comes_between_two_pages_hides_nobody_and_whoever_goes_has_it_read_again(provider: ScimDouble) -> None:
    provider.page = 3
    made = [provider.make(f"user{at}") for at in range(6)]
    users = directory(provider).section("users")
    first = users.read(None)
    kept = dict(provider.users)
    provider.users.clear()
    provider.make("new")
    provider.users.update(kept)
    ids = [each.id for each in [*first.records, *users.read(first.next).records] if isinstance(each, FoundPerson)]
    assert ids == [user["id"] for user in made[:4]]

    for name in ("new", "user0", "user1"):
        found = provider.named(name)
        assert found is not None
        del provider.users[found["id"]]
    with pytest.raises(CursorLapsed):
        users.read(first.next)


def test_a_service_that_does_not_heed_pages_is_not_taken_for_read(provider: ScimDouble) -> None:
    provider.page, provider.heeds_pages = 2, False
    for at in range(5):
        provider.make(f"user{at}")
    source = directory(provider)
    with pytest.raises(NotSeen, match="heeds startIndex"):
        whole(source, "users")


def test_what_is_not_allowed_not_told_or_not_scim_is_not_seen(provider: ScimDouble) -> None:
    source = directory(provider)
    with pytest.raises(NotSeen, match="no user at all"):
        whole(source, "users")
    provider.make("ann")["active"] = "no"
    with pytest.raises(NotSeen, match="an entry of /Users"):
        whole(source, "users")
    provider.deny("reader", "groups.read")
    with pytest.raises(NotSeen, match="403") as denied:
        whole(source, "groups")
    assert TOKEN not in str(denied.value)
    provider.allow("reader", "groups.read")
    assert whole(source, "groups") == []
    provider.has_groups = False
    assert whole(source, "groups") == []
    provider.fail(404, target="ResourceTypes")
    with pytest.raises(NotSeen, match="no list at /Groups"):
        whole(source, "groups")
    provider.deny("reader", "users.read")
    with pytest.raises(SystemUnreachable, match="403"):
        source.place()
    provider.allow("reader", "users.read")
    provider.fail(400, target="Users")
    with pytest.raises(SystemUnreachable, match="400"):
        source.place()


class Program(NamedTuple):
    """A repository with two programs.

    Attributes:
        folder: of the checkout.
        former: the commit before CODEOWNERS.
        latest: the one with it.
    """

    folder: Path
    former: str
    latest: str


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=Ann", "-c", f"user.email={AUTHOR}", "-c", "commit.gpgSign=false")
    command = ["git", *who, *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def program(tmp_path: Path) -> Program:
    folder = tmp_path / "src" / "deep" / "orders"
    (folder / "infra/orders").mkdir(parents=True)
    git(folder, "init", "-q")
    git(folder, "remote", "add", "origin", "git@github.com:Shop/orders.git")
    (folder / "infra/orders/Pulumi.yaml").write_text("name: orders\nruntime: python\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "first\n\nauthor Nobody <nobody@example.com> 1 +0000")
    former = git(folder, "rev-parse", "HEAD")
    (folder / "CODEOWNERS").write_text("* @shop/all\n/infra/ @shop/payments bob@example.com\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "second")
    latest = git(folder, "rev-parse", "HEAD")
    # What the working tree says by now is not what the commit says.
    (folder / "CODEOWNERS").write_text("* @shop/nobody\n")
    return Program(folder, former, latest)


def stack(
    backend: Path, name: str, arn: str, unique_id: str, *, commit: str, folder: str = "infra/orders", **tags: str
) -> None:
    """Lay a stack down as a backend keeps it."""
    state = backend / ".pulumi"
    outputs = {"arn": arn, "uniqueId": unique_id, "tags": tags}
    urn = f"urn:pulumi:{name}::orders::aws:iam/role:Role::orders"
    made = {"urn": urn, "type": "aws:iam/role:Role", "id": "orders", "outputs": outputs}
    kept = state / f"stacks/orders/{name}.json"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps({"version": 3, "checkpoint": {"latest": {"resources": [made]}}}))
    told = {"git.head": commit, "vcs.kind": "github.com", "vcs.owner": "shop", "vcs.repo": "orders", "vcs.root": folder}
    history = state / f"history/orders/{name}/{name}-1.history.json"
    history.parent.mkdir(parents=True, exist_ok=True)
    history.write_text(json.dumps({"kind": "update", "environment": told}))


def owners_told(source: Source, name: str) -> list[tuple[str, str]]:
    claims = source.section(name).read(None).records
    assert all(
        isinstance(each, Claim)
        and (each.named_by, each.which, each.system, each.unique_id, each.subject)
        == (Naming.DECLARED, "arn:orders", System.AWS, "AROA1", Subject.OWNER)
        for each in claims
    )
    return [(each.value, each.source) for each in claims if isinstance(each, Claim)]


def test_code_owners_of_the_programs_folder_at_its_commit_own_it_else_who_wrote_the_commit(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What git is told by the environment, as in one of its hooks, is about another repository.
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    backend = tmp_path / "backend"
    stack(backend, "prod", "arn:orders", "AROA1", commit=program.latest)
    stack(backend, "root", "arn:orders", "AROA1", commit=program.latest, folder=".")
    stack(backend, "old", "arn:orders", "AROA1", commit=program.former)
    stack(backend, "untold", "arn:orders", "AROA1", commit="")
    source = WithOwners(stacks_of_folder(backend), Checkouts(tmp_path / "src"))
    (every,) = source.beginnings()
    names = source.section(every).read(None).opens
    opened = {name: list(source.section(name).read(None).opens) for name in names}
    assert opened.pop("file/orders/untold.json") == []
    assert opened == {name: [f"owners of {name}"] for name in opened}
    code = f"CODEOWNERS of {REPOSITORY}"
    expected = {
        "prod": [("@shop/payments", code), ("bob@example.com", code)],
        "root": [("@shop/all", code)],
        "old": [(AUTHOR, f"commit {program.former[:12]} of {REPOSITORY}")],
    }
    assert {name: owners_told(source, f"owners of file/orders/{name}.json") for name in expected} == expected
    # After a kill the declarations have been read by another process.
    again = WithOwners(stacks_of_folder(backend), Checkouts(program.folder))
    assert owners_told(again, "owners of file/orders/prod.json") == expected["prod"]


def test_a_bare_mirror_is_a_checkout_too(program: Program, tmp_path: Path) -> None:
    mirrors = tmp_path / "mirrors"
    mirrors.mkdir()
    git(mirrors, "clone", "-q", "--bare", str(program.folder), "orders.git")
    git(mirrors / "orders.git", "remote", "set-url", "origin", "https://ann:hunter2@github.com/shop/orders")
    found = Checkouts(mirrors).at(REPOSITORY, program.latest[:10])
    assert (found.text("infra/orders/Pulumi.yaml"), found.author()) == ("name: orders\nruntime: python\n", AUTHOR)


@pytest.mark.parametrize(
    ("repository", "commit", "expected"),
    [
        ("github.com/shop/other", "0123456789", "got no checkout below"),
        (REPOSITORY, "0123456789", "run `git fetch` there"),
        (REPOSITORY, "--upload-pack=x", "got what is no commit"),
        (REPOSITORY, "HEAD", "got what is no commit"),
    ],
)
def test_what_no_checkout_has_is_told(
    program: Program, tmp_path: Path, repository: str, commit: str, expected: str
) -> None:
    with pytest.raises(NotSeen, match=expected):
        Checkouts(tmp_path / "src").at(repository, commit)


def test_a_checkout_that_git_refuses_to_read_is_told(program: Program, tmp_path: Path) -> None:
    (program.folder / ".git/HEAD").unlink()
    with pytest.raises(NotSeen, match=f"{program.folder}, which git refuses to read"):
        Checkouts(tmp_path / "src").at(REPOSITORY, program.latest)


def test_a_machine_without_git_and_a_folder_that_is_none_are_told(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SpecError, match="no folder"):
        Checkouts(tmp_path / "nowhere")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotSeen, match="install git"):
        Checkouts(tmp_path / "src").at(REPOSITORY, program.latest)


def claimed(where: str | Path) -> list[Listed]:
    inventory = open_inventory(where)
    try:
        owned, left = role("orders"), FoundPerson("1", ("ann",), active=False, since=NOW)
        claims = [
            Claim(Naming.PATTERN, "*orders", Subject.OWNER, "Ann", "file cmdb.csv row 1"),
            Claim(Naming.NAME, "orders", None, "shop", "file cmdb.csv row 2", System.AWS, "111111111111"),
        ]
        for records in ([owned, left, *claims], [owned, left, *claims[1:]], [owned, left, *claims]):
            source = PlannedDiscovery({"all": [records]})
            assert Scanner(inventory, lambda: NOW, lambda _: None).scan([source]).complete
        return list(listed(inventory, Chosen()))
    finally:
        inventory.close()


def test_postgresql_keeps_owners_and_people_as_a_file_does(tmp_path: Path, postgres: Postgres) -> None:
    server = f"{SUPERUSER}:{postgres.password}@{LOOPBACK}:{postgres.port}"
    with psycopg.connect(f"postgresql://{server}/postgres", autocommit=True) as connection:
        connection.execute("CREATE DATABASE owners")
    (found,) = claimed(f"postgresql+psycopg://{server}/owners")
    assert found.owned_by == (Owner("Ann", "file cmdb.csv row 1", Presence.LEFT, NOW),)
    assert found.dependents == 1
    assert [found] == claimed(tmp_path / "inventory.db")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def rows(*arguments: str) -> list[dict[str, Any]]:
    told = run("inventory", *arguments, "--output", "json")
    assert told.exit_code == 0, told.output
    found: list[dict[str, Any]] = json.loads(told.output)
    return found


class Estate(NamedTuple):
    """What the commands are run on.

    Attributes:
        arguments: of `nhi discover`, with everything that tells of owners.
        name: of the role.
        arn: its key.
        folder: with the files.
    """

    arguments: list[str]
    name: str
    arn: str
    folder: Path


@pytest.fixture
def estate(
    aws_discovery_world: AwsDiscoveryWorld,
    provider: ScimDouble,
    program: Program,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Estate:
    monkeypatch.setenv("NHI_INVENTORY", str(tmp_path / "inventory.db"))
    monkeypatch.setenv("COLUMNS", "220")
    world, name = aws_discovery_world, f"owned-{secrets.token_hex(3)}"
    world.discovery()
    tags = [{"Key": "nhi:owner", "Value": "cid@example.com"}, {"Key": "team", "Value": "[/payments]"}]
    role = world.iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST, Tags=tags)["Role"]
    allowed = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
    policy = world.iam.create_policy(PolicyName=name, PolicyDocument=json.dumps(allowed))["Policy"]["Arn"]
    world.iam.attach_role_policy(RoleName=name, PolicyArn=policy)
    stack(tmp_path / "backend", "prod", role["Arn"], role["RoleId"], commit=program.latest, owner="dan@example.com")
    files = {
        "connections.json": json.dumps(
            {"aws": {"default": {"regions": [lab.REGION]}}, "scim": {"corp": {"endpoint": provider.endpoint}}}
        ),
        "cmdb.csv": f"pattern,owner,tier,dependents\n*/{name},Ann,1,shop\n",
        "people.csv": "id,mail,login,left\n1,ann@example.com,ann,\n2,bob@example.com,bob,2026-01-31\n",
    }
    for file, text in files.items():
        (tmp_path / file).write_text(text)
    provider.make("cid@example.com", active=False)
    provider.make_group("payments")
    told = {
        "--system": "aws",
        "--connections": "connections.json",
        "--stacks": "backend",
        "--repositories": "src",
        "--cmdb": "cmdb.csv",
        "--people": "people.csv",
    }
    paths = [
        part for option, value in told.items() for part in (option, value if value == "aws" else str(tmp_path / value))
    ]
    return Estate(["discover", *paths, "--people", "scim:corp"], name, role["Arn"], tmp_path)


def test_all_owners_are_shown_with_their_sources_and_whether_they_are_there(estate: Estate) -> None:
    scanned = run(*estate.arguments)
    assert scanned.exit_code == 0, scanned.output
    (row,) = rows(estate.name, "--kind", "iam-role")
    code = f"CODEOWNERS of {REPOSITORY}"
    assert [(each["value"], each["source"], each["presence"]) for each in row["owners"]] == [
        ("cid@example.com", "mark nhi:owner", "left"),
        ("Ann", "file cmdb.csv row 1", "present"),
        ("@shop/payments", code, "present"),
        ("bob@example.com", code, "left"),
        ("dan@example.com", "stack orders/prod", "unknown"),
        ("[/payments]", "mark team", "unknown"),
    ]
    assert row["owners"][3]["since"] == "2026-01-31T00:00:00+00:00"
    assert (row["said"]["tier"], row["dependents"]) == ([{"value": "1", "source": "file cmdb.csv row 1"}], 1)
    (declared,) = row["declaredBy"]
    assert (declared["where"], declared["repository"]) == ("orders/prod", REPOSITORY)
    assert "details" not in row
    shown = run("inventory", estate.name).output
    for part in ("cid@example.com  (mark nhi:owner, left)", "left 2026-01-31", "in no directory", "[/payments]"):
        assert part in shown
    assert shown.index("mark nhi:owner") < shown.index("cmdb.csv") < shown.index("mark team")


def test_one_identity_is_shown_with_everything_that_is_known_of_it(
    estate: Estate, aws_discovery_world: AwsDiscoveryWorld
) -> None:
    assert run(*estate.arguments).exit_code == 0
    aws_discovery_world.iam.untag_role(RoleName=estate.name, TagKeys=["team"])
    (estate.folder / "cmdb.csv").write_text(f"key,owner,dependents\n{estate.arn},Eve,billing\n")
    assert run(*estate.arguments).exit_code == 0
    (row,) = rows(estate.arn, "--details")
    known = row["details"]
    (grant,) = known["grants"]
    assert (grant["privilege"], grant["through"][0].rpartition("/")[2]) == ("s3:GetObject", estate.name)
    assert [step["how"] for step in known["waysIn"]] == ["assume"]
    assert known["dependents"] == [{"kind": "configuration-item", "name": "billing"}]
    changed = [(each["what"], each["before"], each["after"]) for each in known["changes"]]
    assert changed[0] == ("found", None, None)
    assert ("owner, by file cmdb.csv row 1", "Ann", None) in changed
    assert ("owner, by file cmdb.csv row 1", None, "Eve") in changed
    assert ("owner, by mark team", "[/payments]", None) in changed
    assert [what for what, _, _ in changed].count("marks") == 1
    shown = run("inventory", estate.arn, "--details").output
    for part in ("Eve  (file cmdb.csv row 1, in no directory)", "s3:GetObject", "billing", "changes", estate.arn):
        assert part in shown
    assert run("inventory", "no-such-identity", "--details").exit_code == 1


def test_what_could_not_be_read_is_told_and_nothing_counts_as_gone_for_it(estate: Estate, provider: ScimDouble) -> None:
    assert run(*estate.arguments).exit_code == 0
    (before,) = rows(estate.arn)
    (estate.folder / "people.csv").write_text("id,mail,left\n1,ann@example.com,soon\n")
    (estate.folder / "cmdb.csv").write_text("pattern,owner\n,Ann\n")
    git(estate.folder / "src/deep/orders", "remote", "remove", "origin")
    provider.deny("reader", "groups.read")
    scanned = run(*estate.arguments)
    assert scanned.exit_code == 3
    for part in ("row 1: left", "row 1: key", "owners of file/orders/prod.json", "/Groups"):
        assert part in scanned.output.replace("\n", "")
    assert TOKEN not in scanned.output
    (after,) = rows(estate.arn)
    told = ("owners", "said", "dependents", "declaredBy")
    assert [after[name] for name in told] == [before[name] for name in told]
    assert [own["presence"] for own in after["owners"]].count("left") == 2
    assert TOKEN.encode() not in b"".join(file.read_bytes() for file in estate.folder.glob("inventory.db*"))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--people", "{tmp}/none.csv"], "no file"),
        (["--people", "scim:nowhere"], "no connection of that name"),
        (["--people", "activedirectory:nowhere"], "no connection of that name"),
        (["--people", "ldap:corp"], "no file"),
        (["--cmdb", "{tmp}/none.csv"], "no file"),
        (["--stacks", "{tmp}", "--repositories", "{tmp}/none"], "no folder"),
        (["--repositories", "{tmp}"], "no stacks"),
    ],
)
def test_bad_input_is_told_with_the_way_out(
    aws_discovery_world: AwsDiscoveryWorld, tmp_path: Path, arguments: list[str], expected: str
) -> None:
    result = run("discover", "--system", "aws", *(each.format(tmp=tmp_path) for each in arguments))
    assert result.exit_code != 0
    assert expected in str(result.exception)
    assert "fix:" in str(result.exception)
