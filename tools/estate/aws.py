"""AWS: roles, users and groups on the emulator, which keeps what it is given and tells it as IAM does."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tools.estate.truth import (
    ACCESS_AND_AUDIT,
    ADMINISTRATOR,
    ANN,
    BOB,
    DATA_AND_BACKUPS,
    DEPENDENTS_GONE,
    DOUBTFUL,
    DUPLICATE,
    ENDLESS,
    ENVIRONMENTS,
    ESCALATING,
    EVE,
    EXPIRED,
    GHOST,
    KEYS_AND_DATA,
    KIM,
    LEE,
    LEGACY,
    OWNER_LEFT,
    OWNER_UNKNOWN,
    PATH,
    PAYMENTS,
    SHADOW,
    STACK_GONE,
    UNOWNED,
    WILDCARD,
    By,
    Ledger,
    Resource,
    Told,
)
from tools.lab.sandbox.aws import ACCOUNT, OTHER_ACCOUNT, Aws

_IAM: Final = f"arn:aws:iam::{ACCOUNT}"
ROOT: Final = f"{_IAM}:root"
_MANAGED: Final = "arn:aws:iam::aws:policy"
LEASE: Final = {"nhi:lease": "lease-abcdefghijklmnop", "nhi:managed-by": "nhi_components"}

Statement = Mapping[str, Any]


def allow(action: str | Sequence[str], resource: str | Sequence[str] = "*", **more: Any) -> dict[str, Any]:
    """A statement that allows."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: str | Sequence[str], resource: str | Sequence[str] = "*") -> dict[str, Any]:
    """A statement that denies."""
    return {"Effect": "Deny", "Action": action, "Resource": resource}


def trusted(principal: Mapping[str, Any], action: str = "sts:AssumeRole", **more: Any) -> dict[str, Any]:
    """A statement that admits somebody."""
    return {"Effect": "Allow", "Principal": principal, "Action": action, **more}


MACHINES: Final = trusted({"Service": "ec2.amazonaws.com"})
FUNCTIONS: Final = trusted({"Service": "lambda.amazonaws.com"})
ANYONE_HERE: Final = trusted({"AWS": ROOT})


class AwsEstate:
    """Plants one account.

    Args:
        server: the emulator.
        ledger: takes what is planted.
    """

    def __init__(self, server: Aws, ledger: Ledger) -> None:
        self.iam, self._ledger = server.client("iam"), ledger

    def role(
        self,
        name: str,
        *told: Told,
        allowed: Sequence[Statement] | None = None,
        attached: Sequence[str] = (),
        boundary: Sequence[Statement] = (),
        trust: Sequence[Statement] = (MACHINES,),
        tags: Mapping[str, str] | None = None,
        by: By = By.STACK,
        unique_id: str = "",
        **about: Any,
    ) -> str:
        """Make a role; without documents of its own it may read one folder of its own; give its ARN.

        Args:
            name: its name.
            told: what must be told of it.
            allowed: statements of its inline policy.
            attached: ARNs of managed policies.
            boundary: statements of its permissions boundary.
            trust: statements of its trust.
            tags: its tags.
            by: what answers for it.
            unique_id: what that takes for its unique id, where it is not the role's.
            about: more for `Ledger.plant`.
        """
        more: dict[str, Any] = {"PermissionsBoundary": self.policy(f"{name}-cap", boundary)} if boundary else {}
        made = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=_document(trust), Tags=_tags(tags), **more)
        role: dict[str, Any] = made["Role"]
        if allowed is None:
            allowed = [allow("s3:GetObject", f"arn:aws:s3:::shop/{name}/*")]
        if allowed:
            self.iam.put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=_document(allowed))
        for policy in attached:
            self.iam.attach_role_policy(RoleName=name, PolicyArn=policy)
        fields = {"arn": role["Arn"], "uniqueId": unique_id or role["RoleId"]}
        resource = Resource("aws:iam/role:Role", "aws_iam_role", fields)
        return self._ledger.plant("aws", role["Arn"], *told, by=by, resource=resource, **about)

    def user(
        self,
        name: str,
        *told: Told,
        group: str = "",
        key: str = "",
        tags: Mapping[str, str] | None = None,
        **about: Any,
    ) -> str:
        """Make a user; without a group it may read one folder; give its ARN.

        Args:
            name: its name.
            told: what must be told of it.
            group: in which it is.
            key: `Active` or `Inactive` for an access key.
            tags: its tags.
            about: more for `Ledger.plant`.
        """
        user: dict[str, Any] = self.iam.create_user(UserName=name, Tags=_tags(tags))["User"]
        if group:
            self.iam.add_user_to_group(UserName=name, GroupName=group)
        else:
            document = _document([allow("s3:GetObject", f"arn:aws:s3:::shop/{name}/*")])
            self.iam.put_user_policy(UserName=name, PolicyName="inline", PolicyDocument=document)
        if key:
            made = self.iam.create_access_key(UserName=name)["AccessKey"]
            self.iam.update_access_key(UserName=name, AccessKeyId=made["AccessKeyId"], Status=key)
        resource = Resource("aws:iam/user:User", "aws_iam_user", {"arn": user["Arn"], "uniqueId": user["UserId"]})
        return self._ledger.plant("aws", user["Arn"], *told, resource=resource, **{"by": By.STATE, **about})

    def policy(self, name: str, statements: Sequence[Statement]) -> str:
        """Make a managed policy; give its ARN."""
        arn: str = self.iam.create_policy(PolicyName=name, PolicyDocument=_document(statements))["Policy"]["Arn"]
        return arn

    def plant(self) -> None:
        """Plant all that lives in this account alone."""
        self._harmless()
        self._answering()
        self._orphaned()
        self._ageing()
        self._alike()
        self._powerful()
        self._leading()
        self._conflicting()

    def _harmless(self) -> None:
        for number in range(40):
            self.role(f"reader-{number:02}", by=By.STATE if number % 2 else By.STACK)
        for number in range(10):
            self.user(f"uploader-{number:02}", owners=(PAYMENTS,))

    def _answering(self) -> None:
        for number in range(3):
            self.role(f"by-hand-{number}", SHADOW, by=By.NOTHING, why="made by hand")
        self.role(
            "half-marked", SHADOW, by=By.NOTHING, tags={"nhi:lease": LEASE["nhi:lease"]}, why="no mark who made it"
        )
        self.role("made-anew", SHADOW, by=By.STATE, unique_id="AROAOLD", why="a state declares one before it")
        for number in range(4):
            self.role(f"leased-{number}", by=By.NOTHING, tags=LEASE, why="bears a lease")
        for number in range(3):
            self.role(f"nobodys-{number}", UNOWNED, owners=(), why="nobody is said to own it")
        self.role("blank-owner", UNOWNED, owners=(), tags={"owner": " "}, why="a tag says nothing")
        self.role("other-tag", UNOWNED, owners=(), tags={"cost-center": "4711"}, why="a tag says something else")
        for mark in ("owner", "team", "corp:contact", "nhi:owner"):
            self.role(f"tagged-{mark.replace(':', '-')}", owners=(), tags={mark: ANN}, why="owned by a tag")
        self.user("left-alone", SHADOW, UNOWNED, owners=(), by=By.NOTHING, why="nothing is known of it")

    def _orphaned(self) -> None:
        for number, owners in enumerate([(EVE,), (BOB,), (EVE, BOB), (LEGACY,)]):
            self.role(f"left-behind-{number}", OWNER_LEFT, owners=owners, why="every owner has left")
        self.role("left-by-tag", OWNER_LEFT, owners=(), tags={"owner": EVE}, why="its owner by tag has left")
        for number, owners in enumerate([(GHOST,), ("@acme/nobody",), ("nobody@example.com", GHOST)]):
            self.role(f"strange-{number}", OWNER_UNKNOWN, owners=owners, why="no directory has its owner")
        for number, owners in enumerate([(KIM,), (LEE,), (PAYMENTS,), (EVE, ANN), (GHOST, ANN), (f"Ann <{ANN}>",)]):
            self.role(f"looked-after-{number}", owners=owners, why="an owner is there")
        for number in range(3):
            self.role(f"dropped-{number}", STACK_GONE, by=By.WAS, tags=LEASE, why="its stack has dropped it")
        self.role("dropped-unmarked", STACK_GONE, SHADOW, by=By.WAS, why="its stack has dropped it; it bears no lease")
        for number in range(3):
            self.role(f"moved-{number}", by=By.MOVED, why="another stack declares it now")
        for number, gone in enumerate((True, True, False)):
            self._running(f"machine-{number}", gone=gone)
        self._running("twice-run", gone=True, still="twice-run-other")
        self._made_anew()

    def _running(self, name: str, *, gone: bool, still: str = "") -> None:
        told = [DEPENDENTS_GONE] if gone and not still else []
        self.role(name, *told, why="what ran as it is gone" if told else "something runs as it")
        for profile in (name, *([still] if still else [])):
            self.iam.create_instance_profile(InstanceProfileName=profile)
            self.iam.add_role_to_instance_profile(InstanceProfileName=profile, RoleName=name)
        if gone:
            self._ledger.changes.append(lambda: self._unprofile(name, name))

    def _unprofile(self, profile: str, role: str) -> None:
        self.iam.remove_role_from_instance_profile(InstanceProfileName=profile, RoleName=role)
        self.iam.delete_instance_profile(InstanceProfileName=profile)

    def _made_anew(self) -> None:
        """A role with something that runs as it, which is deleted with that and made anew without."""
        name = "again"
        self.role(name, SHADOW, by=By.STACK, why="made anew; what ran as the one before never ran as it")
        self.iam.create_instance_profile(InstanceProfileName=name)
        self.iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)

        def again() -> None:
            self._unprofile(name, name)
            self.iam.delete_role_policy(RoleName=name, PolicyName="inline")
            self.iam.delete_role(RoleName=name)
            self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=_document((MACHINES,)))

        self._ledger.changes.append(again)

    def _ageing(self) -> None:
        today = datetime.now(UTC)
        for number, days in enumerate((-400, -1, 0)):
            ends = f"{today + timedelta(days=days):%Y-%m-%d}"
            self.role(f"ended-{number}", EXPIRED, tags={**LEASE, "nhi:ends": ends}, why="its end has come")
        for number, ends in enumerate((f"{today + timedelta(days=2):%Y-%m-%d}", "soon", "")):
            self.role(f"not-ended-{number}", tags={**LEASE, "nhi:ends": ends}, why="its end has not come, or is none")
        for number in range(3):
            self.user(f"with-key-{number}", ENDLESS, key="Active", why="an access key never ends")
            self.user(f"key-off-{number}", key="Inactive", why="its key is switched off")

    def _alike(self) -> None:
        same = [allow("sqs:SendMessage", f"arn:aws:sqs:eu-central-1:{ACCOUNT}:orders")]
        for number in range(2):
            self.role(f"twin-{number}", DUPLICATE, allowed=same, why="does the same as another")
        shared = self.policy("shared", [allow("sns:Publish", f"arn:aws:sns:eu-central-1:{ACCOUNT}:orders")])
        for number in range(3):
            self.role(f"triplet-{number}", DUPLICATE, allowed=[], attached=[shared], why="does the same as two others")
        self.role("twin-of-kim", allowed=same, owners=(KIM,), why="serves another owner")
        self.role("twin-in-test", allowed=same, tags={"env": "test"}, why="serves another environment")
        self.role("twin-of-functions", allowed=same, trust=[FUNCTIONS], why="others become it")
        dated = {"DateLessThan": {"aws:CurrentTime": "2040-01-01T00:00:00Z"}}
        self.role("twin-for-a-while", allowed=[{**same[0], "Condition": dated}], why="under another condition")
        for number in range(2):
            self.role(f"empty-{number}", allowed=[], why="holds nothing, so that it is like no other")

    def _powerful(self) -> None:
        administrator = f"{_MANAGED}/AdministratorAccess"
        self.role("breaks-glass", ADMINISTRATOR, allowed=[], attached=[administrator], why="AdministratorAccess")
        self.role("all-inline", ADMINISTRATOR, allowed=[allow("*")], why="* on *")
        self.role("all-but-billing", ADMINISTRATOR, allowed=[allow("*"), deny("aws-portal:*")], why="* but billing")
        self.iam.create_group(GroupName="admins")
        self.iam.attach_group_policy(GroupName="admins", PolicyArn=administrator)
        self.user("in-admins", ADMINISTRATOR, group="admins", why="administrator by its group")
        for number, action in enumerate(("iam:PutRolePolicy", "iam:CreatePolicyVersion", "iam:AttachUserPolicy")):
            self.role(f"raises-itself-{number}", ESCALATING, allowed=[allow(action)], why=action)
        own = [allow("iam:PutRolePolicy", f"{_IAM}:role/rewrites-itself")]
        self.role("rewrites-itself", ESCALATING, allowed=own, why="may rewrite its own policy")
        for service in ("s3", "dynamodb", "sqs"):
            self.role(f"all-of-{service}", WILDCARD, allowed=[allow(f"{service}:*")], why="a whole service")
        cap = [allow("s3:GetObject", "arn:aws:s3:::shop/*")]
        near: dict[str, list[dict[str, Any]]] = {
            "reads-iam": [allow(["iam:Get*", "iam:List*"])],
            "one-bucket": [allow("s3:*", ["arn:aws:s3:::one", "arn:aws:s3:::one/*"])],
            "all-on-one": [allow("*", ["arn:aws:s3:::two", "arn:aws:s3:::two/*"])],
            "gets-all": [allow("s3:Get*")],
            "denied-all": [allow("*"), deny("*")],
            "denied-iam": [allow("iam:PutRolePolicy"), deny("iam:*")],
            "no-more": [allow("*", Condition={"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}})],
        }
        for name, allowed in near.items():
            self.role(name, allowed=allowed, why="less than it looks")
        self.role("capped-admin", allowed=[], attached=[administrator], boundary=cap, why="a boundary caps it")
        self.role("capped-raiser", allowed=[allow("iam:PutRolePolicy")], boundary=cap, why="a boundary caps it")

    def _leading(self) -> None:
        """Chains: `trigger` to `builder` to `deployer` to an administrator, and what only looks like one."""
        self.role("trigger", PATH, allowed=[], why="three steps from an administrator")
        names_trigger = [trusted({"AWS": f"{_IAM}:role/trigger"})]
        self.role("builder", PATH, allowed=[], trust=names_trigger, why="two steps from an administrator")
        names_builder = [trusted({"AWS": f"{_IAM}:role/builder"})]
        self.role("deployer", PATH, allowed=[], trust=names_builder, why="a step from an administrator")
        deployed = self._admin("owns-shop", trusted({"AWS": f"{_IAM}:role/deployer"}))
        open_to_all = self._admin("owns-stage", ANYONE_HERE)
        run = self._admin("owns-functions", FUNCTIONS)
        become = allow("sts:AssumeRole", open_to_all)
        vpc = {"StringEquals": {"aws:SourceVpc": "vpc-1"}}
        address = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
        from_net = self._admin("owns-office", trusted({"AWS": ROOT}, Condition=address))
        self.role("may-become", PATH, allowed=[become], why="may assume an administrator")
        self.role("perhaps-becomes", DOUBTFUL, allowed=[{**become, "Condition": vpc}], why="from one network only")
        office = [allow("sts:AssumeRole", from_net)]
        self.role("perhaps-in-office", DOUBTFUL, allowed=office, why="where the trust names a network")
        passes = allow("iam:PassRole", run)
        makes = allow(["lambda:CreateFunction", "lambda:InvokeFunction"])
        self.role("runs-as-admin", PATH, allowed=[passes, makes], why="runs code as an administrator")
        near: dict[str, list[dict[str, Any]]] = {
            "not-admitted": [allow("sts:AssumeRole", deployed)],
            "denied-step": [become, deny("sts:AssumeRole")],
            "runs-nothing": [passes],
            "passes-wrongly": [allow("iam:PassRole", deployed), makes],
            "too-late": [{**become, "Condition": {"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}}],
        }
        for name, allowed in near.items():
            self.role(name, allowed=allowed, why="no step leads on")
        cap = [allow("s3:GetObject", "arn:aws:s3:::shop/*")]
        self.role("capped-step", allowed=[become], boundary=cap, why="a boundary takes the step away")
        self._circles()
        harmless = self.role("harmless-end", trust=[trusted({"AWS": f"{_IAM}:role/leads-nowhere"})])
        self.role("leads-nowhere", allowed=[allow("sts:AssumeRole", harmless)], why="becomes one that is harmless")

    def _circles(self) -> None:
        """Roles that become one another, without an end and with one; and an end that somebody else's may become."""
        for name, other in (("round", "about"), ("about", "round")):
            self.role(name, allowed=[], trust=[trusted({"AWS": f"{_IAM}:role/{other}"})], why="leads round in a circle")
        leave = [allow("sts:AssumeRole", f"{_IAM}:role/owns-ring")]
        for name, other in (("ring-one", "ring-two"), ("ring-two", "ring-one")):
            trust = trusted({"AWS": f"{_IAM}:role/{other}"})
            self.role(
                name,
                PATH,
                allowed=leave[: name == "ring-one"],
                trust=[trust],
                why="a circle from which one steps to an administrator",
            )
        chosen = {"ArnLike": {"aws:PrincipalArn": f"{_IAM}:role/ring-*"}}
        self._admin("owns-ring", trusted({"AWS": ROOT}, Condition=chosen))
        self.role("ring", allowed=leave, owners=(KIM,), why="is not of those whose names a trust chooses")
        self.role("ring-three", PATH, allowed=leave, why="is of those whose names a trust chooses")
        foreign = trusted({"AWS": f"arn:aws:iam::{OTHER_ACCOUNT}:role/deployer"})
        self._admin("owned-abroad", foreign)

    def _admin(self, name: str, *trust: Statement) -> str:
        return self.role(name, ADMINISTRATOR, allowed=[allow("*")], trust=trust)

    def _conflicting(self) -> None:
        access, audit = (
            allow("iam:CreateUser"),
            allow("cloudtrail:StopLogging", f"arn:aws:cloudtrail:eu-central-1:{ACCOUNT}:trail/all"),
        )
        keys = allow("kms:ScheduleKeyDeletion", f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/1")
        data = allow("kms:Decrypt", f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/1")
        objects = allow("s3:DeleteObject", "arn:aws:s3:::shop/*")
        backups = allow("backup:DeleteRecoveryPoint", f"arn:aws:backup:eu-central-1:{ACCOUNT}:recovery-point:*")
        pairs = {ACCESS_AND_AUDIT: (access, audit), KEYS_AND_DATA: (keys, data), DATA_AND_BACKUPS: (objects, backups)}
        for told, (one, other) in pairs.items():
            self.role(f"both-{told[1]}", told, allowed=[one, other], why="holds both duties")
            self.role(f"one-{told[1]}", allowed=[one], why="holds one duty only")
            self.role(f"other-{told[1]}", allowed=[other], why="holds the other duty only")
            denied = [one, other, deny(other["Action"])]
            self.role(f"denied-{told[1]}", allowed=denied, why="is denied the other duty")
        split = self.policy("audits", [audit])
        self.role("split-duties", ACCESS_AND_AUDIT, allowed=[access], attached=[split], why="by two policies")
        capped = [allow("iam:CreateUser")]
        self.role("capped-duties", allowed=[access, audit], boundary=capped, why="a boundary takes one duty away")
        self._crossing("dev", "prod", ENVIRONMENTS)
        self._crossing("Production", "prod")
        self._crossing("stage", "production", ENVIRONMENTS)

    def _crossing(self, mine: str, theirs: str, *told: Told) -> None:
        """A role of one environment that may become one of another."""
        name = f"from-{mine}-to-{theirs}".lower()
        admits = [trusted({"AWS": f"{_IAM}:role/{name}"})]
        self.role(name, *told, tags={"env": mine}, why=f"of {mine}, and becomes one of {theirs}")
        self.role(f"{name}-end", trust=admits, tags={"environment": theirs})


def _tags(tags: Mapping[str, str] | None) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in (tags or {}).items()]


def _document(statements: Sequence[Statement]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
