"""The version of this library and of its provider plugin: one number for both."""

VERSION = "0.1.0"
