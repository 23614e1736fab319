"""The adapter of AWS: one account, one region."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from nhi_components.core.adoption import ADOPTED
from nhi_components.core.connection import AwsConnection
from nhi_components.core.errors import NhiError, SpecError
from nhi_components.core.links import Fact, Link, LinkKind, NeverCreated, NotChecked, System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.aws.adopted_roles import adoption_problems, supersede
from nhi_components.lifecycle.adapters.aws.cut_off import RoleCutOff
from nhi_components.lifecycle.adapters.aws.delegations.paths import DelegatedPaths, chained, with_extras
from nhi_components.lifecycle.adapters.aws.errors import translated
from nhi_components.lifecycle.adapters.aws.instance_profiles import InstanceProfiles
from nhi_components.lifecycle.adapters.aws.quotas import Quotas
from nhi_components.lifecycle.adapters.aws.role_session import RoleSession
from nhi_components.lifecycle.adapters.aws.roles import Roles, role_of
from nhi_components.lifecycle.adapters.aws.secrets import Secrets
from nhi_components.lifecycle.adapters.aws.session import AwsSession
from nhi_components.lifecycle.adapters.aws.survey import Survey
from nhi_components.lifecycle.adapters.aws.user_cut_off import UserCutOff
from nhi_components.lifecycle.adapters.aws.user_survey import is_on_user
from nhi_components.lifecycle.adapters.aws.users import User, Users, sweep_of_user
from nhi_components.lifecycle.adapters.aws.ways_in import WAYS_IN, WaysIn
from nhi_components.lifecycle.adapters.elapsed import Elapsed
from nhi_components.lifecycle.adapters.ownership import admitted, ownership_of, refuse_elsewhere, refuse_namesake
from nhi_components.lifecycle.ports import BlindSpot, Caller, Canary, CutOff, Ownership, Room, Sighting

_WITHOUT_UNIQUE_ID = (
    LinkKind.DELEGATED_PATH,
    LinkKind.IAM_ROLE_POLICY,
    LinkKind.IAM_POLICY_ATTACHMENT,
    LinkKind.IAM_INSTANCE_PROFILE_MEMBERSHIP,
    LinkKind.IAM_USER_POLICY,
    LinkKind.SECRETS_MANAGER_POLICY,
)
_OF_USERS = (LinkKind.IAM_USER, LinkKind.IAM_ACCESS_KEY)
_REGIONAL = (LinkKind.SECRETS_MANAGER_SECRET, LinkKind.SECRETS_MANAGER_POLICY, *WAYS_IN)


class AwsAdapter:
    """One AWS account in one region, as `lifecycle.ports.SystemAdapter`."""

    def __init__(self, name: str, connection: AwsConnection) -> None:
        self._session = AwsSession(name, connection)
        self._paths = DelegatedPaths(self._session)
        self._ways_in = WaysIn(self._session)
        self._quotas = Quotas(self._session)
        self._unseen: list[BlindSpot] = []

    @property
    def system(self) -> System:
        """AWS."""
        return System.AWS

    @property
    def connection(self) -> str:
        """The name of the connection in `nhi.Provider`."""
        return self._session.name

    def caller(self) -> Caller:
        """Tell whom the connection speaks for: its ARN and account."""
        identity = self._session.identity
        return Caller(self.system, self.connection, identity.arn, identity.account)

    def require(self, links: Sequence[Link]) -> None:
        """Refuse a role that is to be adopted and is not the one that it was; see the port.

        Nothing else that is linked on AWS rests on what the lease does not own.
        """
        adopted = [link for link in links if ADOPTED in link.attributes]
        with translated(self.connection):
            problems = [p for link in adopted for p in adoption_problems(Roles(self._session.iam), link)]
        if problems:
            raise SpecError("what is to be adopted", problems)

    def room_for(self, links: Sequence[Link]) -> Room:
        """Tell whether the account has room for the principals and profiles among the links; see the port."""
        with translated(self.connection):
            return self._quotas.room_for(links)

    def admit(self, lease: LeaseTags, links: Sequence[Link], now: datetime) -> list[Link]:
        """Take links into the lease; see the port."""
        self._refuse_elsewhere(links)
        with translated(self.connection):
            unique_ids = [self._admit(lease, link) for link in links]
            self._paths.admit(lease, links)
        return [admitted(link, unique_id, self._place(link)) for link, unique_id in zip(links, unique_ids, strict=True)]

    def survey(self, lease_id: str, links: Sequence[Link]) -> list[Sighting]:
        """Find everything alive of the lease; see the port."""
        self._refuse_elsewhere(links)
        with translated(self.connection):
            ways_in = self._ways_in.survey(lease_id, links)
            survey = Survey(self._session, lease_id, links)
            found = [*self._paths.survey(lease_id, links), *ways_in, *survey.run()]
            self._unseen = survey.blind_spots
            return found

    def blind_spots(self, links: Sequence[Link]) -> list[BlindSpot]:
        """Tell which policies, grants and ways into roles the connection may not look at; see the port.

        Whatever else AWS does not let us look for makes the survey fail.
        """
        with translated(self.connection):
            return [*self._paths.blind_spots(), *self._ways_in.blind_spots(), *self._unseen]

    def cut_off(self, lease_id: str, links: Sequence[Link], now: datetime) -> list[CutOff]:
        """Cut the roles and users among the links off; see the port."""
        self._refuse_elsewhere(links)
        with translated(self.connection):
            users = [link for link in links if link.kind is LinkKind.IAM_USER]
            roles = [link for link in links if link.kind is LinkKind.IAM_ROLE]
            ended = [cut_off for link in users if (cut_off := self._cut_off_user(lease_id, link, links, now))]
            done = [cut_off for link in roles if (cut_off := self._cut_off(lease_id, link, links, now))]
            # What names the roles elsewhere is looked for last: by now nothing of it can be used.
            never_made = all(isinstance(cut_off.disabled_at, NeverCreated) for cut_off in done)
            if not roles or (never_made and len(done) == len(roles)):
                return [*ended, *done]
            found = self._paths.extras(lease_id, links)
        return [*ended, *with_extras(done, found), *chained(links)]

    def revoke_live(self, lease_id: str, links: Sequence[Link], now: datetime) -> list[Link]:
        """Make the access keys of users inactive, and tell which; see the port.

        Of roles nothing: the declared Deny refuses every session, also those opened before.
        """
        self._refuse_elsewhere(links)
        with translated(self.connection):
            users = [link for link in links if link.kind is LinkKind.IAM_USER]
            found = [(link, self._own_user(lease_id, link)) for link in users]
            ours = [UserCutOff(self._session, user, link, now) for link, user in found if user]
            return [key for user in ours for key in user.deactivate_keys(noted=False)]

    def try_canary(self, canary: Canary, now: datetime) -> Fact:
        """Let the canary's session read its role once more; see the port."""
        session: RoleSession = canary.credential
        elapsed = Elapsed(now)
        if now >= session.ends:
            return NotChecked(f"the canary's session ended by itself at {session.ends.isoformat()}")
        with translated(self.connection):
            return None if session.works() else elapsed.now()

    def sweep(self, sighting: Sighting) -> None:
        """Delete a leftover; see the port."""
        refuse_namesake(sighting)
        with translated(self.connection):
            self._sweep(sighting.link)

    def _refuse_elsewhere(self, links: Sequence[Link]) -> None:
        refuse_elsewhere(self.system, self.connection, links, self._place)

    def _place(self, link: Link) -> str:
        """Tell where a link would be looked for: IAM is one for the whole account."""
        account = f"account {self._session.identity.account}"
        return f"{account}, {self._session.region}" if link.kind in _REGIONAL else account

    def _admit(self, lease: LeaseTags, link: Link) -> str | None:
        match link.kind:
            case LinkKind.IAM_ROLE:
                unique_id = Roles(self._session.iam).admit(lease, link)
                supersede(Roles(self._session.iam), link)
                return unique_id
            case LinkKind.IAM_USER:
                return Users(self._session.iam).admit(lease, link)
            case LinkKind.IAM_INSTANCE_PROFILE:
                return InstanceProfiles(self._session.iam).admit(lease, link)
            case LinkKind.SECRETS_MANAGER_SECRET:
                return Secrets(self._session.secrets).admit(lease, link)
            case kind if kind in WAYS_IN:
                return self._ways_in.admit(lease, link)
            case kind if kind in _WITHOUT_UNIQUE_ID:
                return None
            case _:
                raise _not_ours(link)

    def _cut_off(self, lease_id: str, link: Link, links: Sequence[Link], now: datetime) -> CutOff | None:
        role = Roles(self._session.iam).find(link.name)
        if role is None:
            return None if link.unique_id else CutOff(link, NeverCreated(), NeverCreated())
        if ownership_of(lease_id, role.lease, role.unique_id, link) is Ownership.NAMESAKE:
            return None
        return RoleCutOff(self._session, role, link, now).run(links)

    def _cut_off_user(self, lease_id: str, link: Link, links: Sequence[Link], now: datetime) -> CutOff | None:
        user = Users(self._session.iam).find(link.name)
        if user is None:
            return None if link.unique_id else CutOff(link, NeverCreated(), NeverCreated())
        if ownership_of(lease_id, user.lease, user.unique_id, link) is Ownership.NAMESAKE:
            return None
        return UserCutOff(self._session, user, link, now).run(links)

    def _own_user(self, lease_id: str, link: Link) -> User | None:
        user = Users(self._session.iam).find(link.name)
        own = user and ownership_of(lease_id, user.lease, user.unique_id, link) is Ownership.OURS
        return user if own else None

    def _sweep(self, link: Link) -> None:
        if link.kind in _OF_USERS or is_on_user(link):
            sweep_of_user(Users(self._session.iam), link)
            return
        match link.kind:
            case LinkKind.IAM_ROLE:
                Roles(self._session.iam).delete(link)
            case LinkKind.IAM_ROLE_POLICY:
                Roles(self._session.iam).delete_inline(role_of(link), link.name)
            case LinkKind.IAM_POLICY_ATTACHMENT:
                Roles(self._session.iam).detach(role_of(link), link.name)
            case LinkKind.IAM_INSTANCE_PROFILE_MEMBERSHIP:
                Roles(self._session.iam).leave(role_of(link), link.name)
            case LinkKind.IAM_INSTANCE_PROFILE:
                InstanceProfiles(self._session.iam).delete(link)
            case LinkKind.SECRETS_MANAGER_SECRET:
                Secrets(self._session.secrets).delete(link)
            case LinkKind.SECRETS_MANAGER_POLICY:
                Secrets(self._session.secrets).delete_policy(link.name)
            case LinkKind.DELEGATED_PATH | LinkKind.KMS_GRANT:
                self._paths.sweep(link)
            case kind if kind in WAYS_IN:
                self._ways_in.sweep(link)
            case _:
                raise _not_ours(link)


def _not_ours(link: Link) -> NhiError:
    return NhiError(f"{link}: got a kind that is not of AWS, expected one of AWS; fix: link it to its own system")
