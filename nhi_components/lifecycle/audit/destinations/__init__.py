"""Where events go: a file, a syslog receiver, an HTTP collector; `ports` is what each of them is."""
