"""The test plugin `pulumi-resource-azure-native`: what Pulumi's provider asks Azure Resource Manager, of a double.

Sources: pulumi-azure-native 3 (`provider/pkg/provider/provider.go`, `crud/crud.go`, `azure/client_azcore.go`) for what
is asked and when; the models of Microsoft's azure-mgmt-* packages for the names in bodies. A look goes before each
creation, as a PUT would change what is there; another one follows every creation and change, as the real one reads
after it has written.
"""
