"""What one AWS principal may do with all its documents together, at one moment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import cache, cached_property

from nhi_components.facts.aws.administration import administers
from nhi_components.facts.aws.authorization import Held, Holdings, Leave, Target, at_moment
from nhi_components.facts.aws.circumstances import Situation, Tags
from nhi_components.facts.aws.escalating import methods_open_to
from nhi_components.facts.aws.escalation import METHODS, PASS_ROLE, Method
from nhi_components.facts.aws.model import GrantDocument, PolicyKind, Statement
from nhi_components.facts.aws.principals import USER, Document, Principal
from nhi_components.facts.aws.traits import step_bits
from nhi_components.facts.chain.model import Combination, Power

_SHOWN = 3


class Holder:
    """One principal and everything that it holds, also through its groups.

    Args:
        principal: it.
        groups: those in which it is.
        now: this moment (aware).
    """

    def __init__(self, principal: Principal, groups: Sequence[Principal], now: datetime) -> None:
        self._principal = principal
        self._now = now
        shared = [
            document._replace(label=document.label or f"group {group.identity.name}")
            for group in groups
            for document in group.documents
        ]
        self._documents = [*principal.documents, *shared]
        alone = self.situation(None, None)
        allowing = self._at_moment(self._documents, alone, allows=True)
        denying = self._at_moment(self._documents, alone, allows=False)
        caps = principal.boundary
        boundary = None if caps is None else self._at_moment(caps, alone, allows=True)
        denying += () if caps is None else self._at_moment(caps, alone, allows=False)
        self.holdings = Holdings(allowing, denying, boundary)

    @staticmethod
    def _at_moment(documents: Iterable[Document], alone: Situation, *, allows: bool) -> tuple[Held, ...]:
        return tuple(at_moment((held for document in documents for held in document.held(allows=allows)), alone))

    def situation(self, tags: Tags | None, target: Target | None, service: str = "") -> Situation:
        """Tell what is known when it acts on something."""
        its = self._principal
        user = its.target.resource.rpartition("/")[2] if its.identity.kind == USER else ""
        account = its.target.account or (target.account if target else "")
        known = {} if tags is None else {"tags_of_target": tags}
        of_target = target.account if target else ""
        return Situation(
            self._now, its.arn, user, its.tags, account, account_of_target=of_target, service=service, **known
        )

    def may(self, action: str, target: Target, principal: Principal | None, service: str = "") -> Leave | None:
        """Tell by what it may call an action on a target; None when it may not.

        Args:
            action: in lower case.
            target: on what.
            principal: the target, when that is a principal.
            service: to which a role is passed.
        """
        tags = principal.tags if principal is not None else None
        return self.holdings.leave(action, target, self.situation(tags, target, service))

    def denies(self, action: str, principal: Principal) -> bool:
        """Tell whether an action on a principal is denied to it for certain."""
        return self.holdings.denies(action, principal.target, self.situation(principal.tags, principal.target))

    def unbounded(self, action: str, role: Principal) -> bool:
        """Tell whether neither Deny nor boundary keeps from it what a trust that names it gives."""
        if self.denies(action, role):
            return False
        if self.holdings.boundary is None:
            return True
        cap = Holdings(self.holdings.boundary)
        return cap.leave(action, role.target, self.situation(role.tags, role.target)) is not None

    @cached_property
    def combined(self) -> GrantDocument:
        """Everything that it holds, as one document."""
        statements = tuple(held.statement for held in (*self.holdings.allowing, *self.holdings.denying))
        caps = self.holdings.boundary
        boundary = None if caps is None else tuple(held.statement for held in caps)
        return GrantDocument(self._principal.identity.resource, "", PolicyKind.IDENTITY, statements, boundary=boundary)

    def has_any(self, actions: Iterable[str]) -> bool:
        """Tell whether it holds one of some actions, on anything."""
        bits = step_bits()
        traits = self.combined.permissions.traits
        return any(traits & bits[action] for action in actions)

    def passing(self) -> Iterator[Method]:
        """Yield the ways to have a service act as a role passed to it, of which it holds all but the passing."""
        bits = step_bits()
        traits = self.combined.permissions.traits
        if not traits & bits[PASS_ROLE]:
            return
        for method in _passing():
            if all(any(traits & bits[action] for action in each) for each in method.beside):
                yield method

    def power(self) -> Power | None:
        """Tell why it is administrator, or as good as one; None when it is not."""
        if not self.holdings.allowing:
            return None
        administration = administers(self.combined)
        if administration is not None:
            place = self._label_of(administration[0])
            return Power(f"is administrator ({administration[1]})", place)
        methods = methods_open_to(self.combined)
        if not methods:
            return None
        how = f"may {methods[0].name}, on whatever it likes"
        return Power(how, self._place_of(methods[0]))

    def combination(self) -> Combination | None:
        """Give what its documents allow only together; None for nothing."""
        if len(self._documents) < 2 or not self.holdings.allowing:
            return None
        alone = [self._alone(document) for document in self._documents]
        told = {method for document in alone for method in methods_open_to(document)}
        opened = [method for method in methods_open_to(self.combined) if method not in told]
        names = [method.name for method in opened]
        places = [self._place_of(method) for method in opened]
        if (found := administers(self.combined)) and not any(administers(document) for document in alone):
            names, places = ["administer nearly everything", *names], [found[0], *places]
            sources = tuple(dict.fromkeys(self._source_of(held) for held in self.holdings.allowing))
        else:
            sources = tuple(dict.fromkeys(text for method in opened for text in self._sources(method)))
        return Combination(self._principal.identity, tuple(names), sources, places[0]) if names else None

    def _alone(self, document: Document) -> GrantDocument:
        grant = document.grant
        return GrantDocument(grant.resource, grant.path, PolicyKind.IDENTITY, grant.statements)

    def _place_of(self, method: Method) -> str:
        return next(iter(self._sources(method)), "").partition(" in ")[2]

    def _sources(self, method: Method) -> Iterator[str]:
        """Yield which document grants each step of a way, as text."""
        steps = [(action,) for action in method.on_others]
        steps += [(PASS_ROLE,)] if method.passes_role_to else []
        for alternatives in (*steps, *method.beside):
            found = next(self._granting(alternatives), None)
            if found is not None:
                yield f"{found[0]} in {self._source_of(found[1])}"

    def _granting(self, actions: Iterable[str]) -> Iterator[tuple[str, Held]]:
        bits = step_bits()
        left = {id(each.statement): each for each in self.combined.permissions.each}
        for action in actions:
            for held in self.holdings.allowing:
                permission = left.get(id(held.statement))
                if permission is not None and permission.traits & bits[action]:
                    yield _spelled(action), held

    def _source_of(self, held: Held) -> str:
        return f"{held.label} {held.statement.path}".strip()

    def _label_of(self, path: str) -> str:
        for held in self.holdings.allowing:
            statement: Statement = held.statement
            if path.startswith(statement.path):
                return f"{held.label} {path}".strip()
        return path


@cache
def _passing() -> tuple[Method, ...]:
    return tuple(method for method in METHODS if method.passes_role_to)


def _spelled(action: str) -> str:
    """Write an action as its service does, where that is known."""
    from nhi_components.core.aws_action import find_action

    known = find_action(action)
    return f"{action.partition(':')[0]}:{known.name}" if known is not None else action
