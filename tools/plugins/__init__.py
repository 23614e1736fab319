"""Test plugins: stand-ins for providers of Pulumi's that can't be built here, for the laboratory's sandboxes alone.

A plugin holds every input to the types of the SDK that is installed, makes the calls that the real provider makes to
the vendor's REST API, and returns nothing that the SDK does not know. It speaks to doubles on loopback and refuses any
other address. A package a cloud has its resources; the modules here know no cloud.
"""
