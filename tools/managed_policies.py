"""Write nhi_components/facts/aws/data/managed_policies.json.xz: the documents of the AWS managed policies.

Run it in an environment that has moto, which bundles them: `python tools/managed_policies.py`.
"""

from __future__ import annotations

import json
import lzma
from importlib import import_module, metadata
from pathlib import Path

TARGET = Path(__file__).parent.parent / "nhi_components/facts/aws/data/managed_policies.json.xz"


def main() -> None:
    bundled = json.loads(import_module("moto.iam.aws_managed_policies").aws_managed_policies_data)
    documents = {policy["Path"].lstrip("/") + name: policy["Document"] for name, policy in bundled.items()}
    content = {"source": f"AWS managed policies, by way of moto {metadata.version('moto')}", "policies": documents}
    text = json.dumps(content, separators=(",", ":"), sort_keys=True).encode()
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_bytes(lzma.compress(text, preset=9))
    print(f"{TARGET.name}: {len(documents)} policies, {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
