"""What a team sets about verdicts: from when something is too old, what it weighs, which duties one must not hold."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Final

from pydantic import AfterValidator, Field

from nhi_components.core.errors import Problem, SpecError
from nhi_components.core.links import System
from nhi_components.core.model import Spec, wrong
from nhi_components.core.text import shown
from nhi_components.core.yaml_text import MalformedYaml, parse_yaml

Days = Annotated[int, Field(ge=1, le=3650)]
Points = Annotated[int, Field(ge=0, le=100)]


def _rising(steps: Mapping[int, int]) -> Mapping[int, int]:
    points = [steps[days] for days in sorted(steps)]
    if not steps or points != sorted(points):
        fix = "give at least one number of days, and later ones no fewer points"
        raise wrong(got=dict(steps), expected="days with points that do not fall", fix=fix)
    return steps


Steps = Annotated[dict[Days, Points], AfterValidator(_rising)]
"""Points from so many days on."""


class Conflict(Spec):
    """Two duties that one identity must not hold both.

    Attributes:
        one: privileges that make up the one duty, by system; in lower case, without wildcards.
        other: those of the other.
        why: what goes wrong when one identity holds both.
    """

    subject: ClassVar[str] = "conflict of duties"

    one: dict[System, tuple[str, ...]]
    other: dict[System, tuple[str, ...]]
    why: Annotated[str, Field(min_length=1, max_length=300)]


class Weights(Spec):
    """What each verdict adds to the risk score of an identity, 0 to 100; the sum ends at 100.

    Attributes:
        shadow: nothing answers for it.
        unowned: nobody is said to own it.
        owner_left: every owner has left.
        owner_unknown: no directory knows any owner.
        stack_gone: its stack no longer declares it.
        dependents_gone: what ran as it is gone.
        duplicate: another does the same.
        expired: it lives on after its end.
        expired_credential: one of its credentials has ended and is still there.
        endless: one of its credentials never ends.
        administrator: it is administrator.
        self_escalating: it can make itself administrator.
        wildcard: it holds privileges by wildcard.
        unjudged: what it holds cannot be read.
        path: it can become an administrator.
        doubtful_path: it can if conditions hold that are not known.
        mixed_duties: it holds duties that one must not hold both.
        mixed_environments: it can become an identity of another environment.
    """

    subject: ClassVar[str] = "weights"

    shadow: Points = 15
    unowned: Points = 15
    owner_left: Points = 25
    owner_unknown: Points = 15
    stack_gone: Points = 25
    dependents_gone: Points = 15
    duplicate: Points = 5
    expired: Points = 25
    expired_credential: Points = 5
    endless: Points = 5
    administrator: Points = 40
    self_escalating: Points = 35
    wildcard: Points = 25
    unjudged: Points = 15
    path: Points = 30
    doubtful_path: Points = 15
    mixed_duties: Points = 20
    mixed_environments: Points = 15


_STANDARD_CONFLICTS: Final = {
    "access-and-audit": Conflict(
        one={
            System.AWS: ("iam:createuser", "iam:createaccesskey", "iam:putrolepolicy", "iam:attachrolepolicy"),
            System.GCP: ("roles/resourcemanager.projectiamadmin", "resourcemanager.projects.setiampolicy"),
            System.AZURE: ("microsoft.authorization/roleassignments/write", "user access administrator"),
        },
        other={
            System.AWS: ("cloudtrail:stoplogging", "cloudtrail:deletetrail", "cloudtrail:puteventselectors"),
            System.GCP: ("roles/logging.configwriter", "logging.sinks.delete", "logging.sinks.update"),
            System.AZURE: ("microsoft.insights/diagnosticsettings/delete", "microsoft.insights/logprofiles/delete"),
        },
        why="who gives access can also hide that it was given",
    ),
    "keys-and-data": Conflict(
        one={
            System.AWS: ("kms:putkeypolicy", "kms:schedulekeydeletion", "kms:creategrant"),
            System.GCP: ("roles/cloudkms.admin", "cloudkms.cryptokeys.setiampolicy"),
            System.AZURE: ("key vault administrator", "key vault crypto officer"),
        },
        other={
            System.AWS: ("kms:decrypt",),
            System.GCP: (
                "roles/cloudkms.cryptokeydecrypter",
                "roles/cloudkms.cryptokeyencrypterdecrypter",
                "cloudkms.cryptokeyversions.usetodecrypt",
            ),
            System.AZURE: ("key vault crypto user", "key vault crypto service encryption user"),
        },
        why="who administers keys can also read what they protect",
    ),
    "data-and-backups": Conflict(
        one={
            System.AWS: ("s3:deleteobject", "s3:deletebucket", "rds:deletedbinstance", "dynamodb:deletetable"),
            System.GCP: ("storage.objects.delete", "cloudsql.instances.delete", "roles/cloudsql.admin"),
        },
        other={
            System.AWS: ("backup:deleterecoverypoint", "backup:deletebackupvault", "rds:deletedbsnapshot"),
            System.GCP: ("cloudsql.backupruns.delete", "roles/backupdr.admin"),
        },
        why="who destroys data can also destroy what would bring it back",
    ),
}
"""Sources: NIST SP 800-53 rev. 5, AC-5 (separation of duties) and AU-9 (protection of audit information); Google Cloud
KMS, 'Separation of duties'."""


class VerdictSettings(Spec):
    """What a team sets about verdicts.

    Attributes:
        unused: points from so many days without a use on.
        old_credential: points from so many days since a credential was made or rotated on.
        weights: what other verdicts weigh.
        conflicts: duties that one must not hold both, by name.
    """

    subject: ClassVar[str] = "settings of verdicts"

    unused: Steps = Field(default={30: 5, 60: 10, 90: 20})
    old_credential: Steps = Field(default={90: 10, 180: 15, 365: 20})
    weights: Weights = Weights()
    conflicts: dict[str, Conflict] = Field(default=_STANDARD_CONFLICTS)


STANDARD: Final = VerdictSettings()


def read_settings(file: Path | None) -> VerdictSettings:
    """Read a team's settings; the standard ones without a file.

    Args:
        file: of YAML.

    Raises:
        SpecError: with every problem of it.
    """
    if file is None:
        return STANDARD
    try:
        documents = parse_yaml(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, MalformedYaml) as error:
        got = error.strerror or type(error).__name__ if isinstance(error, OSError) else str(error)
        raise SpecError(str(file), [Problem("(whole)", got, "a file of YAML", "correct it, or its path")]) from None
    content = documents[0].value if len(documents) == 1 else None
    if not isinstance(content, dict):
        problem = Problem("(whole)", shown(content), "one object like `unused: {30: 5}`", "see docs/risk.md")
        raise SpecError(str(file), [problem])
    return VerdictSettings.parse(content)
