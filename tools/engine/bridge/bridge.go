// Package bridge serves a Terraform provider, linked as a library, over the Pulumi provider protocol. Resources and
// functions carry the type tokens of the published Pulumi SDK, so that programs written for the official plugin run
// unchanged. A Terraform name without a token, or a token without a Terraform name, is left out.
package bridge

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shim "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
)

// A Plugin says what to serve.
type Plugin struct {
	Name     string                       // the Pulumi package; Terraform names begin with it and an underscore
	Version  string                       // of the Pulumi SDK whose tokens are served
	Provider shim.Provider                // the Terraform provider
	Tokens   string                       // the SDK's tokens, one a line
	Aliases  map[string][]string          // other Terraform prefixes of a Pulumi module
	Adjust   func(*tfbridge.ProviderInfo) // last changes to the mapping; may be nil
}

// Main serves the plugin on a free port of the loopback interface until the engine ends.
func (p Plugin) Main() {
	schema, err := json.Marshal(map[string]string{"name": p.Name, "version": p.Version})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	tfbridge.Main(p.Name, p.Version, p.info(), schema)
}

func (p Plugin) info() tfbridge.ProviderInfo {
	info := tfbridge.ProviderInfo{
		P: p.Provider, Name: p.Name, Version: p.Version,
		Resources: map[string]*tfbridge.ResourceInfo{}, DataSources: map[string]*tfbridge.DataSourceInfo{},
	}
	resources, functions := parse(p.Tokens)
	resourceNames, functionNames := names(p.Provider.ResourcesMap()), names(p.Provider.DataSourcesMap())
	for name, t := range match(resources, resourceNames, p.Name+"_", p.Aliases) {
		info.Resources[name] = &tfbridge.ResourceInfo{Tok: tokens.Type(t.text)}
	}
	for name, t := range match(functions, functionNames, p.Name+"_", p.Aliases) {
		info.DataSources[name] = &tfbridge.DataSourceInfo{Tok: tokens.ModuleMember(t.text)}
	}
	for _, name := range append(resourceNames, functionNames...) {
		if info.Resources[name] == nil && info.DataSources[name] == nil {
			info.IgnoreMappings = append(info.IgnoreMappings, name)
		}
	}
	if p.Adjust != nil {
		p.Adjust(&info)
	}
	info.SetAutonaming(255, "-")
	return info
}

func names(m shim.ResourceMap) (found []string) {
	m.Range(func(name string, _ shim.Resource) bool { found = append(found, name); return true })
	return found
}
