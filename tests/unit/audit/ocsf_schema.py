"""The classes of OCSF 1.9.0 that are used, as strict schemas: what has to be there, of which type, and nothing else.

Written down from github.com/ocsf/ocsf-schema at 1.9.0: `events/`, `objects/`, `dictionary.json`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

Text = Annotated[str, Field(min_length=1)]
Milliseconds = Annotated[int, Field(ge=1_000_000_000_000, lt=10_000_000_000_000)]


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Product(Shape):
    name: Text
    vendor_name: Text
    version: Text


class Metadata(Shape):
    version: Literal["1.9.0"]
    product: Product
    uid: Text
    event_code: Text
    log_name: Text
    sequence: int
    logged_time: Milliseconds
    correlation_uid: Text | None = None
    original_event_uid: Text | None = None


class Account(Shape):
    uid: Text


class ProgrammaticCredential(Shape):
    uid: Text
    type: Text


class User(Shape):
    name: Text | None = None
    uid: Text | None = None
    uid_alt: Text | None = None
    domain: Text | None = None
    type_id: Literal[0, 1, 2, 3, 4, 99] | None = None
    type: Text | None = None
    account: Account | None = None
    programmatic_credentials: list[ProgrammaticCredential] | None = None

    @model_validator(mode="after")
    def _named(self) -> Self:
        assert self.account or self.name or self.uid
        return self


class IamRole(Shape):
    name: Text
    uid: Text | None = None
    uid_alt: Text | None = None
    account: Account | None = None


class Actor(Shape):
    app_name: Text
    user: User | None = None


class Resource(Shape):
    name: Text
    uid: Text | None = None
    type: Text
    namespace: Text
    role_id: Literal[1, 2, 3, 4]
    role: Text


class Application(Shape):
    name: Text
    uid: Text | None = None


class FindingInfo(Shape):
    uid: Text
    title: Text
    types: list[Text]


class Scan(Shape):
    name: Text
    type_id: Literal[0, 1, 2, 3, 4, 5, 6, 7, 99]
    type: Text


class ManagedEntity(Shape):
    name: Text
    type: Text


class Event(Shape):
    activity_id: int
    activity_name: Text
    category_uid: int
    category_name: Text
    class_uid: int
    class_name: Text
    type_uid: int
    type_name: Text
    severity_id: Literal[0, 1, 2, 3, 4, 5, 6, 99]
    severity: Text
    status_id: Literal[0, 1, 2, 99]
    status: Text
    status_detail: Text | None = None
    time: Milliseconds
    message: Text
    metadata: Metadata
    unmapped: dict[str, Any]

    @model_validator(mode="after")
    def _numbers(self) -> Self:
        assert self.type_uid == self.class_uid * 100 + self.activity_id
        assert self.category_uid == self.class_uid // 1000
        return self


class UserManagement(Event):
    class_uid: Literal[3007]
    category_uid: Literal[3]
    activity_id: Annotated[int, Field(ge=1, le=19)] | Literal[99]
    actor: Actor
    user: User
    resources: list[Resource] | None = None
    privileges: list[Text] | None = None


class RoleManagement(Event):
    class_uid: Literal[3008]
    category_uid: Literal[3]
    activity_id: Annotated[int, Field(ge=1, le=11)] | Literal[99]
    actor: Actor
    iam_role: IamRole
    resources: list[Resource] | None = None
    privileges: list[Text] | None = None


class IamAnalysisFinding(Event):
    class_uid: Literal[2008]
    category_uid: Literal[2]
    activity_id: Literal[1, 2, 3]
    status_id: Literal[1, 2, 3, 4, 5, 6]
    finding_info: FindingInfo
    user: User
    applications: Annotated[list[Application], Field(min_length=1)]


class ScanActivity(Event):
    class_uid: Literal[6007]
    category_uid: Literal[6]
    activity_id: Annotated[int, Field(ge=1, le=10)]
    scan: Scan


class EntityManagement(Event):
    class_uid: Literal[3004]
    category_uid: Literal[3]
    activity_id: Annotated[int, Field(ge=1, le=13)]
    actor: Actor
    entity: ManagedEntity


SCHEMA: TypeAdapter[Event] = TypeAdapter(
    Annotated[
        UserManagement | RoleManagement | IamAnalysisFinding | ScanActivity | EntityManagement,
        Field(discriminator="class_uid"),
    ]
)
