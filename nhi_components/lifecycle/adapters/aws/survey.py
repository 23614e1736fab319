"""Finding what is alive of a lease in one AWS account: by the names of its links, and from its lease id alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from botocore.exceptions import ClientError

from nhi_components.core.links import Link, LinkKind, NotChecked, System
from nhi_components.lifecycle.adapters.aws.adopted_roles import is_yet_to_be_adopted
from nhi_components.lifecycle.adapters.aws.errors import ACTION_DENIED, code_of
from nhi_components.lifecycle.adapters.aws.instance_profiles import InstanceProfiles
from nhi_components.lifecycle.adapters.aws.marks import CUT_OFF_POLICY, is_our_trust
from nhi_components.lifecycle.adapters.aws.roles import Roles, extras_of, role_of
from nhi_components.lifecycle.adapters.aws.secrets import Secrets
from nhi_components.lifecycle.adapters.aws.session import AwsSession
from nhi_components.lifecycle.adapters.aws.sighted import Found, is_foreign, sighting_of, unique
from nhi_components.lifecycle.adapters.aws.user_survey import UserSurvey, is_on_user
from nhi_components.lifecycle.adapters.ownership import links_by_name
from nhi_components.lifecycle.ports import BlindSpot, Ownership, Sighting

_ON_A_ROLE = (
    LinkKind.IAM_ROLE_POLICY,
    LinkKind.IAM_POLICY_ATTACHMENT,
    LinkKind.IAM_INSTANCE_PROFILE_MEMBERSHIP,
)


class Survey:
    """One look at everything."""

    def __init__(self, session: AwsSession, lease_id: str, links: Sequence[Link]) -> None:
        self._session = session
        self._lease_id = lease_id
        self._links = links
        self.blind_spots: list[BlindSpot] = []

    def run(self) -> list[Sighting]:
        """Look at users, roles, instance profiles and secrets, in the order in which they are to be swept."""
        users = list(UserSurvey(self._session, self._lease_id, self._links).run())
        roles = list(self._roles())
        ours = {s.link.name for s in roles if s.link.kind is LinkKind.IAM_ROLE and s.ownership is Ownership.OURS}
        return [*users, *roles, *self._profiles(ours), *self._secrets()]

    def _roles(self) -> Iterator[Sighting]:
        roles = Roles(self._session.iam)
        linked = links_by_name(self._links, LinkKind.IAM_ROLE)
        on_roles = [link for link in self._links if link.kind in _ON_A_ROLE and not is_on_user(link)]
        named = [*linked, *(role_of(link) for link in on_roles)]
        for name in unique(named, roles.names_with_suffix(self._lease_id), self._adopted(roles)):
            role = roles.find(name)
            if role is None or is_yet_to_be_adopted(role, linked.get(name)):
                continue
            if name not in named and is_foreign(self._lease_id, role):
                continue
            sighting = self._sighting(LinkKind.IAM_ROLE, role, linked.get(name))
            attached = roles.attached(name)
            if sighting.ownership is Ownership.OURS:
                extras = ", ".join(extra.name for extra in extras_of(sighting.link, attached, self._links))
                detail = f"carries what the lease does not list: {extras}" if extras else ""
                cut_off = is_our_trust(role.trust) or CUT_OFF_POLICY in attached.inline
                sighting = replace(sighting, detail=detail, cut_off=cut_off)
            yield sighting
            for link in on_roles:
                if role_of(link) == name and link.name in (*attached.inline, *attached.managed, *attached.profiles):
                    yield Sighting(link, sighting.ownership)

    def _adopted(self, roles: Roles) -> list[str]:
        """Find roles that kept the names which they had before; where links are known, they tell the names."""
        if self._links:
            return []
        try:
            return list(roles.names_bearing(self._lease_id))
        except ClientError as error:
            if code_of(error) not in ACTION_DENIED:
                raise
            reason = (
                "roles that were adopted keep the names that they had, and iam:GetAccountAuthorizationDetails, which "
                "finds them, is denied; allow it to the connection's principal"
            )
            spot = BlindSpot(System.AWS, self._session.name, LinkKind.IAM_ROLE, NotChecked(reason))
            self.blind_spots.append(spot)
            return []

    def _profiles(self, our_roles: set[str]) -> Iterator[Sighting]:
        profiles = InstanceProfiles(self._session.iam)
        linked = links_by_name(self._links, LinkKind.IAM_INSTANCE_PROFILE)
        by_suffix = set(profiles.names_with_suffix(self._lease_id))
        for name in unique(linked, sorted(by_suffix)):
            profile = profiles.find(name)
            if profile is None or (name not in linked and is_foreign(self._lease_id, profile)):
                continue
            sighting = self._sighting(LinkKind.IAM_INSTANCE_PROFILE, profile, linked.get(name))
            if name in by_suffix and profile.lease is None and our_roles.intersection(profile.roles):
                sighting = replace(sighting, ownership=Ownership.OURS, detail="unmarked, but it holds the lease's role")
            yield sighting

    def _secrets(self) -> Iterator[Sighting]:
        secrets = Secrets(self._session.secrets)
        linked = links_by_name(self._links, LinkKind.SECRETS_MANAGER_SECRET)
        policies = links_by_name(self._links, LinkKind.SECRETS_MANAGER_POLICY)
        for name in unique([*linked, *policies], secrets.names_of(self._lease_id)):
            secret = secrets.find(name)
            if secret is None:
                continue
            sighting = self._sighting(LinkKind.SECRETS_MANAGER_SECRET, secret, linked.get(name))
            detail = "scheduled for deletion" if secret.deleted_on else ""
            yield replace(sighting, detail=sighting.detail or detail, recoverable_until=secret.recoverable_until)
            if name in policies and secrets.has_policy(secret):
                yield Sighting(policies[name], sighting.ownership)

    def _sighting(self, kind: LinkKind, found: Found, link: Link | None) -> Sighting:
        return sighting_of(self._lease_id, self._session.name, kind, found, link)
