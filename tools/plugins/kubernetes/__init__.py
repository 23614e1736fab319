"""The test plugin `pulumi-resource-kubernetes`: the calls of Pulumi's provider for Kubernetes, to a double on loopback.

The calls are those of pulumi-kubernetes 4.34 in its usual mode: a plain create, which fails where an object of the name
is there; server-side apply for every change, forced by `pulumi.com/patchForce` alone; a dry run of both at preview; a
foreground delete that waits until the object is gone. What other managers put on an object is no drift.
"""
