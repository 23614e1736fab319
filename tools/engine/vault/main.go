// Command pulumi-resource-vault serves terraform-provider-vault over the Pulumi provider protocol.
package main

import (
	_ "embed"

	"github.com/hashicorp/terraform-provider-vault/schema"
	"github.com/hashicorp/terraform-provider-vault/vault"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"

	"nhi.local/bridge"
)

var version = "0.0.0" // -ldflags "-X main.version=…": the pulumi-vault SDK that tokens.txt was taken from

//go:embed tokens.txt
var tokens string

func main() {
	bridge.Plugin{
		Name: "vault", Version: version, Tokens: tokens,
		Provider: shimv2.NewProvider(schema.NewProvider(vault.Provider()).SchemaProvider()),
	}.Main()
}
