"""What AWS leaves behind."""

from __future__ import annotations

from datetime import timedelta

from nhi_components.core.links import System
from nhi_components.lifecycle.residue.model import Figure, Residue

AWS: tuple[Residue, ...] = (
    Residue(
        id="aws.iam.propagation",
        system=System.AWS,
        what="a role, an instance profile or a policy",
        remains="IAM is eventually consistent: old answers and old permissions for a while (others measured 3-4 s)",
        figure=None,
        source="IAM user guide, 'Troubleshoot IAM': changes that I make are not always immediately visible",
        handling="the canary is tried until it is refused; absence counts when two surveys in a row find nothing",
    ),
    Residue(
        id="aws.iam.sessions",
        system=System.AWS,
        what="a role with live sessions",
        remains="sessions live on for up to 12 h after the trust is gone",
        figure=Figure(timedelta(minutes=15), timedelta(hours=12)),
        source="STS API, AssumeRole: DurationSeconds; IAM user guide, 'Revoke IAM role temporary credentials'",
        handling="an inline policy denies everything to every session, before anything is deleted",
    ),
    Residue(
        id="aws.iam.attachments",
        system=System.AWS,
        what="a role that was changed out of band",
        remains="attached policies, inline policies and instance profiles block the delete",
        figure=None,
        source="IAM API, DeleteRole: DeleteConflict",
        handling="reported as extras by the cut-off, removed by the sweep; the deny goes last",
    ),
    Residue(
        id="aws.iam.user-attachments",
        system=System.AWS,
        what="a user with anything on it",
        remains="keys, policies, groups, a password, certificates, SSH keys and MFA devices block the delete",
        figure=None,
        source="IAM API, DeleteUser: the items to remove first; DeleteConflict",
        handling="told by the survey, removed by the sweep: the keys first, the deny of the cut-off last",
    ),
    Residue(
        id="aws.delegation.policies",
        system=System.AWS,
        what="a role that the policies of other resources name",
        remains="the statements stay, with the role's unique id in place of its ARN, and block further changes there",
        figure=None,
        source="IAM user guide, 'AWS JSON policy elements: Principal', IAM role principals",
        handling="removed where declared; looked for at the cut-off, and removed where only the role is meant",
    ),
    Residue(
        id="aws.delegation.kms-grants",
        system=System.AWS,
        what="a role that a KMS grant names",
        remains="the grant stays until it is retired or revoked, which is seen everywhere within minutes",
        figure=Figure(timedelta(0), timedelta(minutes=5)),
        source="KMS API, RevokeGrant: a brief delay, usually less than five minutes",
        handling="looked for at the cut-off on every key, revoked where the role is the grantee",
    ),
    Residue(
        id="aws.delegation.chained-sessions",
        system=System.AWS,
        what="a role through which sessions of other roles were opened",
        remains="those sessions live on for up to 1 h: they are the other role's",
        figure=Figure(timedelta(0), timedelta(hours=1)),
        source="STS API, AssumeRole: role chaining limits a session to one hour",
        handling="told as sessions that are still possible; a deny there would hit whoever else uses that role",
    ),
    Residue(
        id="aws.secretsmanager.recovery",
        system=System.AWS,
        what="a secret that is deleted with a recovery window",
        remains="it can be restored with its value for 7 to 30 days, 30 by default, and its name is blocked meanwhile",
        figure=Figure(timedelta(days=7), timedelta(days=30)),
        source="Secrets Manager API, DeleteSecret: RecoveryWindowInDays",
        handling="found although it is hidden, reported as recoverable, deleted without recovery",
    ),
    Residue(
        id="aws.secretsmanager.forced-deletion",
        system=System.AWS,
        what="a secret that is deleted without recovery",
        remains="the deletion is asynchronous: it may be seen, and its name be blocked, for a while",
        figure=None,
        source="Secrets Manager API, DeleteSecret: ForceDeleteWithoutRecovery",
        handling="the teardown waits until it can no longer be described nor listed",
    ),
    Residue(
        id="aws.secretsmanager.replicas",
        system=System.AWS,
        what="a secret with replicas in other regions",
        remains="copies of its value, which block the deletion",
        figure=None,
        source="Secrets Manager API, DeleteSecret: replicas must be removed first",
        handling="replicas are removed before the secret",
    ),
    Residue(
        id="aws.secretsmanager.deprecated-versions",
        system=System.AWS,
        what="a version of a secret, by taking its labels off: no call deletes one alone",
        remains="it is deprecated, and can be read by its id, until AWS deletes it in the background",
        figure=None,
        source="Secrets Manager API, DeleteSecret: versions; DescribeSecret: VersionIdsToStages",
        handling="its labels go once its key is deleted at its source; the secret takes it along when it is removed",
    ),
    Residue(
        id="aws.usage.last-accessed",
        system=System.AWS,
        what="last-accessed data",
        remains="about 4 h late, for the last 400 days; the credential report is at most 4 h old",
        figure=Figure(timedelta(hours=4), timedelta(hours=4)),
        source="IAM user guide, 'Refine permissions using last accessed information'; 'Getting credential reports'",
        handling="no removal is ever proved by it",
    ),
)
