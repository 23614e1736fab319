"""The classes and activities of OCSF 1.9.0 that this library's events are, and no others.

Numbers from github.com/ocsf/ocsf-schema: events/iam/user_management.json and role_management.json, which 1.9.0 of
August 2026 added (CHANGELOG.md, #1603), events/iam/entity_management.json, events/findings/iam_analysis_finding.json,
events/application/scan_activity.json, categories.json, dictionary.json.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

VERSION: Final = "1.9.0"
"""The version of OCSF, as `metadata.version` tells it."""

_CATEGORIES: Final = {2: "Findings", 3: "Identity & Access Management", 6: "Application Activity"}


class Severity(IntEnum):
    """`severity_id`."""

    INFORMATIONAL = 1
    LOW = 2
    MEDIUM = 3
    HIGH = 4


class Status(IntEnum):
    """`status_id` of all classes but findings."""

    SUCCESS = 1
    FAILURE = 2


@dataclass(frozen=True, slots=True)
class Activity:
    """One activity of one class.

    Attributes:
        class_uid: the class.
        class_name: its caption.
        activity_id: the activity.
        activity_name: its caption; our own word where the id is 99, which stands for what a class does not know.
    """

    class_uid: int
    class_name: str
    activity_id: int
    activity_name: str

    @property
    def category_uid(self) -> int:
        """The category, which the class's number begins with."""
        return self.class_uid // 1000

    @property
    def category_name(self) -> str:
        """The category's caption."""
        return _CATEGORIES[self.category_uid]

    @property
    def type_uid(self) -> int:
        """Class and activity in one number."""
        return self.class_uid * 100 + self.activity_id

    @property
    def type_name(self) -> str:
        """The same in words."""
        return f"{self.class_name}: {self.activity_name}"


def _user(activity_id: int, name: str) -> Activity:
    return Activity(3007, "User Management", activity_id, name)


def _role(activity_id: int, name: str) -> Activity:
    return Activity(3008, "Role Management", activity_id, name)


def _finding(activity_id: int, name: str) -> Activity:
    return Activity(2008, "IAM Analysis Finding", activity_id, name)


USER_UPDATED: Final = _user(2, "Update")
USER_DELETED: Final = _user(3, "Delete")
USER_ENABLED: Final = _user(4, "Enable")
USER_DISABLED: Final = _user(5, "Disable")
USER_CREDENTIALS_ADDED: Final = _user(18, "Add Programmatic Credentials")
USER_CREDENTIALS_REMOVED: Final = _user(19, "Remove Programmatic Credentials")
USER_NOTICED: Final = _user(99, "Notice")

ROLE_UPDATED: Final = _role(2, "Update")
ROLE_DELETED: Final = _role(3, "Delete")
ROLE_ENABLED: Final = _role(4, "Assign Privileges")
ROLE_DISABLED: Final = _role(5, "Remove Privileges")
"""A role is not disabled in OCSF; what this library does is to deny everything to it."""
ROLE_NOTICED: Final = _role(99, "Notice")

FINDING_CREATED: Final = _finding(1, "Create")
FINDING_CLOSED: Final = _finding(3, "Close")
FINDING_NEW: Final = 1
FINDING_RESOLVED: Final = 4

SCAN_COMPLETED: Final = Activity(6007, "Scan Activity", 2, "Completed")
SCAN_FAILED: Final = Activity(6007, "Scan Activity", 6, "Error")

ENTITY_READ: Final = Activity(3004, "Entity Management", 2, "Read")
