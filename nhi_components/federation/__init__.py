"""One identity on several clouds, at home on one platform; each cloud's part is imported when it is used."""

from nhi_components.federation.federated_identity import FederatedIdentity

__all__ = ["FederatedIdentity"]
