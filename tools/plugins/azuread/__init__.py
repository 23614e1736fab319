"""The test plugin `pulumi-resource-azuread`: what Pulumi's provider asks Microsoft Graph, of a double.

Source: terraform-provider-azuread 3, `application_resource.go`, `service_principal_resource.go` and
`application_federated_identity_credential_resource.go`. The real provider asks whether something is really gone until
that was so several times in a row; here once, as the double is consistent at once.
"""
