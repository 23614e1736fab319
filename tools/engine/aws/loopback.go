package main

import (
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"

	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
)

// restrictToLoopback makes the provider honour the standard variables AWS_ENDPOINT_URL and AWS_MAX_ATTEMPTS, which it
// does not know, and refuse every endpoint that is not on this machine: a provider of 2020 must not touch a real cloud.
//
// AWS_ENDPOINT_URL serves all services, EC2 included, so a program needs no settings of the emulator's. Endpoints that
// the program sets win over it, service by service. Instance metadata and the EC2 platform check are skipped; STS is
// asked for the account as usual.
func restrictToLoopback(provider *schema.Provider) {
	configure := provider.ConfigureFunc
	services := provider.Schema["endpoints"].Elem.(*schema.Resource).Schema
	provider.ConfigureFunc = func(d *schema.ResourceData) (interface{}, error) {
		endpoints, err := loopbackEndpoints(d, services)
		if err != nil {
			return nil, err
		}
		settings := map[string]interface{}{
			"endpoints":               []interface{}{endpoints},
			"skip_metadata_api_check": true,
			"skip_get_ec2_platforms":  true,
			"s3_force_path_style":     true,
		}
		if attempts, err := strconv.Atoi(os.Getenv("AWS_MAX_ATTEMPTS")); err == nil && attempts > 0 {
			settings["max_retries"] = attempts - 1
		}
		for name, value := range settings {
			if err := d.Set(name, value); err != nil {
				return nil, fmt.Errorf("aws provider setting %s: %w", name, err)
			}
		}
		return configure(d)
	}
}

// loopbackEndpoints gives every service an endpoint: the program's own or AWS_ENDPOINT_URL.
func loopbackEndpoints(d *schema.ResourceData, services map[string]*schema.Schema) (map[string]interface{}, error) {
	endpoints := map[string]interface{}{}
	for service := range services {
		endpoints[service] = os.Getenv("AWS_ENDPOINT_URL")
	}
	for _, block := range d.Get("endpoints").(*schema.Set).List() {
		for service, endpoint := range block.(map[string]interface{}) {
			if endpoint != "" {
				endpoints[service] = endpoint
			}
		}
	}
	for _, service := range slices.Sorted(maps.Keys(endpoints)) {
		if endpoint := endpoints[service].(string); !onLoopback(endpoint) {
			return nil, fmt.Errorf("aws provider: the endpoint of %s is %q, but this build of the provider is for an "+
				"emulator on this machine only: set AWS_ENDPOINT_URL to its address, for example http://127.0.0.1:4566, "+
				"or install the official plugin with `pulumi plugin install resource aws`", service, endpoint)
		}
	}
	return endpoints, nil
}

func onLoopback(endpoint string) bool {
	address, err := url.Parse(endpoint)
	if err != nil || (address.Scheme != "http" && address.Scheme != "https") {
		return false
	}
	ip := net.ParseIP(address.Hostname())
	return address.Hostname() == "localhost" || (ip != nil && ip.IsLoopback())
}
