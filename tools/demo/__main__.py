"""Tell the story from a wildcard that is stopped to evidence that is verified."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tools.demo.access import AwsSession, VaultLogin
from tools.demo.narrator import Narrator
from tools.lab.engine import ensure
from tools.lab.errors import LabError
from tools.lab.project import CommandFailedError, Project
from tools.lab.sandbox import Sandbox

ROOT = Path(__file__).parents[2]
STACK = ROOT / "stacks/quickstart/__main__.py"
PACK = ROOT / "policies/baseline"
TITLES = (
    "A sandbox comes up",
    "A wildcard is stopped on preview",
    "The corrected stack previews and deploys",
    "The identity can do what it was granted, and nothing else",
    "An ordinary `pulumi destroy`",
    "What was open before is refused now",
    "The evidence",
    "The sandbox stops",
)


def main() -> int:
    """Run the demo; 0 when everything went as told."""
    narrator = Narrator(TITLES)
    try:
        engine = ensure()
        with tempfile.TemporaryDirectory(prefix="nhi-demo-") as folder:
            narrator.chapter()
            narrator.say(
                "An AWS emulator that evaluates IAM (ministack) and a real Vault (OpenBao) on loopback. "
                "The Pulumi engine, its plugins and the policy analyzer are the real ones."
            )
            with Sandbox(engine) as sandbox:
                _tell(narrator, sandbox, Path(folder))
                narrator.chapter()
            narrator.check(
                "both servers are stopped, and their folder is gone", not Path(sandbox.record.directory).exists()
            )
    except (LabError, CommandFailedError) as error:
        narrator.fail(str(error))
        return 1
    return narrator.conclude("The stack is stacks/quickstart; the README tells how to go on.")


def _tell(narrator: Narrator, sandbox: Sandbox, folder: Path) -> None:
    environment = {
        **sandbox.environment(),
        "NHI_EVIDENCE_DIR": str(folder / "evidence"),
    }
    narrator.command(("nhi", "plugin", "install"), environment)
    project = Project(folder / "quickstart", environment, name="quickstart", stack="demo")
    project.write({"__main__.py": STACK.read_text()})
    _judge(narrator, project)
    outputs = project.outputs()
    session, login = _use(narrator, sandbox, outputs)
    _destroy(narrator, project)
    _refused(narrator, session, login)
    _prove(narrator, environment, outputs)


def _judge(narrator: Narrator, project: Project) -> None:
    narrator.chapter()
    narrator.say("Somebody in a hurry adds a policy of their own to the role: `sqs:*` on `*`.")
    project.pulumi("config", "set", "quickstart:shortcut", "true")
    run = project.preview("--policy-pack", str(PACK), check=False)
    narrator.ran(run, only=("[mandatory]", "[aws.", "at: ", "got: ", "expected: ", "fix: "))
    narrator.check("the preview fails, and nothing was created", run.code != 0 and not project.resources())
    narrator.chapter()
    project.pulumi("config", "rm", "quickstart:shortcut")
    run = project.preview("--policy-pack", str(PACK))
    narrator.ran(run, only=("+ ", "Policies", "nhi-baseline"))
    narrator.ran(project.up("--policy-pack", str(PACK)), only=("created", "lease", "role_arn", "ends", "vault_"))


def _use(narrator: Narrator, sandbox: Sandbox, outputs: dict[str, str]) -> tuple[AwsSession, VaultLogin]:
    narrator.chapter()
    session = AwsSession.open(sandbox, outputs["role_arn"], external_id="quickstart")
    narrator.check("its role sends to its queue", session.sends_to(outputs["queue_url"]))
    other = sandbox.aws.client("sqs").create_queue(QueueName="somebody-elses")["QueueUrl"]
    narrator.check("its role is refused at another queue", not session.sends_to(other))
    narrator.check("its role reads its own secret", session.reads(outputs["secret_arn"]))
    login = VaultLogin.open(sandbox, outputs["vault_role"])
    narrator.check("its Vault token reads its own path", login.reads(outputs["vault_secret"]))
    narrator.check("its Vault token is refused at another path", not login.reads("secret/nhi/demo/somebody-else"))
    return session, login


def _destroy(narrator: Narrator, project: Project) -> None:
    narrator.chapter()
    narrator.say("Who approved, and why, comes from the environment of the run; a CI job sets it.")
    run = project.destroy(NHI_APPROVER="dana@example.com", NHI_REASON="service retired, CHG-1042")
    narrator.ran(run, only=("Seal", "Role", "Secret", "Entity", "Policy", "Lease", " deleted"))


def _refused(narrator: Narrator, session: AwsSession, login: VaultLogin) -> None:
    narrator.chapter()
    narrator.check("the AWS session that was open before is refused", not session.works())
    narrator.check("the Vault token that was open before is refused", not login.works())


def _prove(narrator: Narrator, environment: dict[str, str], outputs: dict[str, str]) -> None:
    narrator.chapter()
    narrator.command(("nhi", "evidence", "show"), environment)
    narrator.command(("nhi", "evidence", "verify"), environment)
    for lease in (outputs["aws_lease"], outputs["vault_lease"]):
        narrator.command(("nhi", "verify", "--lease", lease), environment)


if __name__ == "__main__":
    sys.exit(main())
