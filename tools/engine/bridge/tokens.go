package bridge

import "strings"

// A token names a resource or a function in the published Pulumi SDK, "vault:pkiSecret/secretBackendRole:SecretBackendRole".
type token struct{ text, module, name string }

func (t token) function() bool {
	return len(t.name) > 3 && strings.HasPrefix(t.name, "get") && t.name[3:4] == strings.ToUpper(t.name[3:4])
}

func parse(list string) (resources, functions []token) {
	for _, text := range strings.Fields(list) {
		part := strings.Split(text, ":")
		t := token{text: text, module: strings.SplitN(part[1], "/", 2)[0], name: part[2]}
		if t.function() {
			t.name = t.name[len("get"):]
			functions = append(functions, t)
		} else {
			resources = append(resources, t)
		}
	}
	return resources, functions
}

// squash makes names comparable that differ in case and underscores only: Terraform's and Pulumi's.
func squash(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }

// candidates lists the squashed Terraform names that a token may stand for, without the provider's prefix, best first.
// aliases gives the other prefixes of a module whose Terraform names don't begin with the module's name.
func (t token) candidates(aliases map[string][]string) []string {
	module, name := squash(t.module), squash(t.name)
	if t.module == "index" {
		return []string{name}
	}
	names := []string{module + name}
	for n := 1; n <= len(module) && n <= len(name); n++ { // pkiSecret + SecretBackend: pki_secret_backend
		if strings.HasSuffix(module, name[:n]) {
			names = append(names, module+name[n:])
		}
	}
	if strings.HasPrefix(name, "backend") { // azure + Backend: azure_secret_backend
		names = append(names, module+"secret"+name)
	}
	for _, prefix := range aliases[t.module] {
		names = append(names, prefix+name)
	}
	return names
}

// match gives each Terraform name at most one token: exact names first, then the looser candidates, each in the order of the list.
func match(tokens []token, terraform []string, prefix string, aliases map[string][]string) map[string]token {
	bySquashed := map[string]string{}
	for _, name := range terraform {
		bySquashed[squash(strings.TrimPrefix(name, prefix))] = name
	}
	found, done := map[string]token{}, map[string]bool{}
	for _, loose := range []bool{false, true} {
		for _, t := range tokens {
			names := t.candidates(aliases)
			if !loose {
				names = names[:1]
			}
			for _, candidate := range names {
				name, exists := bySquashed[candidate]
				if _, taken := found[name]; !exists || taken || done[t.text] {
					continue
				}
				found[name], done[t.text] = t, true
			}
		}
	}
	return found
}
