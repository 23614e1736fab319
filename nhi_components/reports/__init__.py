"""Reports of findings: text for people, JSON, SARIF and JUnit for programs; one module a form."""
