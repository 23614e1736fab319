module nhi.local/bridge

go 1.26

require (
	github.com/pulumi/pulumi-terraform-bridge/v3 v3.136.0
	github.com/pulumi/pulumi/sdk/v3 v3.256.0
)
