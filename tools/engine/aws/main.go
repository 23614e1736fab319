// Command pulumi-resource-aws serves terraform-provider-aws 3.3.0 over the Pulumi provider protocol.
//
// That provider is of 2020, so it serves emulators on loopback only: see loopback.go. What today's SDK asks of the
// resources used here and that provider lacks is in resources.go.
package main

import (
	_ "embed"
	"strings"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	"github.com/terraform-providers/terraform-provider-aws/aws"

	"nhi.local/bridge"
)

var version = "0.0.0" // -ldflags "-X main.version=…": the pulumi-aws SDK that tokens.txt was taken from

//go:embed tokens.txt
var tokens string

// Terraform prefixes of Pulumi modules that are named otherwise; "" stands for none.
var aliases = map[string][]string{
	"ec2": {"", "vpc"}, "rds": {"db", "rds"}, "cfg": {"config"}, "directconnect": {"dx"},
	"elb": {"elb", "lb", ""}, "alb": {"alb"}, "lb": {"lb"}, "ebs": {"ebs"}, "index": {""},
}

func main() {
	provider := aws.Provider()
	restrictToLoopback(provider)
	modernise(provider)
	bridge.Plugin{
		Name: "aws", Version: version, Tokens: tokens, Aliases: aliases, Adjust: rename,
		Provider: shimv2.NewProvider(provider),
	}.Main()
}

// rename follows two names of today's SDK: s3UsePathStyle among the settings, and "bucket" as a bucket's name.
func rename(info *tfbridge.ProviderInfo) {
	info.Config = map[string]*tfbridge.SchemaInfo{"s3_force_path_style": {Name: "s3UsePathStyle"}}
	info.Resources["aws_s3_bucket"].Fields = map[string]*tfbridge.SchemaInfo{
		"bucket": tfbridge.AutoNameTransform("bucket", 63, strings.ToLower),
	}
}
