"""Events: what systems tell has happened between full scans, and reading again just what that makes stale."""
