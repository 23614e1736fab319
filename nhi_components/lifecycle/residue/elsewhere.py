"""What the systems leave behind that hold credentials and accounts only."""

from __future__ import annotations

from datetime import timedelta

from nhi_components.core.links import System
from nhi_components.lifecycle.residue.model import Figure, Residue

ELSEWHERE: tuple[Residue, ...] = (
    Residue(
        id="github.secret.runs",
        system=System.GITHUB,
        what="a secret of GitHub Actions",
        remains="workflow runs that have begun keep the value they were given; it can't be read back",
        figure=None,
        source="GitHub documentation, 'Using secrets in GitHub Actions'",
        handling="the key itself is revoked at its source, so that the value is useless",
    ),
    Residue(
        id="gitlab.variable.jobs",
        system=System.GITLAB,
        what="a CI/CD variable of GitLab",
        remains="jobs that have begun keep the value they were given",
        figure=None,
        source="GitLab documentation, 'GitLab CI/CD variables'",
        handling="the key itself is revoked at its source, so that the value is useless",
    ),
    Residue(
        id="host.file.blocks",
        system=System.HOST,
        what="a file",
        remains="its blocks, until the file system writes them anew; processes that have it open go on reading it",
        figure=None,
        source="POSIX, unlink(): the space is freed once no process has the file open",
        handling="the key itself is revoked at its source, so that the value is useless",
    ),
    Residue(
        id="scim.user.deprovisioning",
        system=System.SCIM,
        what="a user at an identity provider",
        remains="what the provider gave it elsewhere is taken back when the provider's own synchronisation runs",
        figure=None,
        source="RFC 7644, section 3.6: the service provider may choose not to delete at once, and must answer 404",
        handling="it is made inactive first, deleted, and seen absent",
    ),
    Residue(
        id="hook.account.unknown",
        system=System.HOOK,
        what="a key or an account of a system behind a hook",
        remains="what its own documentation says; the hook answers for it",
        figure=None,
        source="the hook protocol, docs/hooks.md",
        handling="the hook is asked until it lists nothing; a key whose value is at hand is tried once more",
    ),
    Residue(
        id="activedirectory.account.deleted",
        system=System.ACTIVE_DIRECTORY,
        what="an account of Active Directory",
        remains="a deleted object that can be brought back with its SID, and whatever names that SID",
        figure=Figure(timedelta(days=60), timedelta(days=180)),
        source="[MS-ADTS] 3.1.1.5.5 and 6.1.1.2.4.1.1, msDS-DeletedObjectLifetime and tombstoneLifetime",
        handling="told with the day until which the forest keeps it; a forest may have set another number of days",
    ),
)
