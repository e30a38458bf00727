"""Who is acting: what services are given instead of a session or a request."""

from __future__ import annotations

from dataclasses import dataclass, field

from portal.audit.models import ActorKind
from portal.people.permissions import Permission, Role, Scope, scope_of


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody of the staff, the reporter, or the portal itself."""

    kind: ActorKind
    account_id: int | None = None
    person_id: int | None = None
    roles: frozenset[Role] = field(default_factory=frozenset)
    department_id: int | None = None
    district_id: int | None = None
    ties: tuple[str, ...] = ()
    """Keys of declared ties, which bar from cases (``portal.people.ties``)."""
    stands_in_for: frozenset[int] = frozenset()
    """Persons who are away today and whose cases this one sees to."""

    def scope(self, permission: Permission) -> Scope | None:
        """Return how far the actor's permission reaches, None when not held."""
        return scope_of(self.roles, permission)

    def may(self, permission: Permission) -> bool:
        """Say whether the actor holds the permission anywhere."""
        return self.scope(permission) is not None

    def role_for(self, permission: Permission) -> str:
        """Return the role in which the actor takes a step, for the event row."""
        return next((role.value for role in sorted(self.roles) if scope_of((role,), permission)), "")


REPORTER = Actor(ActorKind.REPORTER)
SYSTEM = Actor(ActorKind.SYSTEM)
