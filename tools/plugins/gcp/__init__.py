"""The test plugin `pulumi-resource-gcp`: the calls of Pulumi's provider for Google Cloud, to a double on loopback.

The calls are those of terraform-provider-google 8.0, which pulumi-gcp 10 is made of. It waits less: the real provider
sleeps a second before each of the three reads that follow a change of a policy, and ten after an account is made.
"""
