"""Roles of Microsoft Entra ID, and application permissions of Microsoft Graph, that lead to control of the directory.

Sources: Entra documentation, 'Microsoft Entra built-in roles' (template ids; roles that are marked privileged) and
'Microsoft Graph permissions reference' (ids of application permissions).
"""

from __future__ import annotations

from typing import Final

DIRECTORY_ROLES: Final[dict[str, str]] = {
    "62e90394-69f5-4237-9190-012177145e10": "global administrator",
    "e8611ab8-c189-46e8-94e1-60213ab1f814": "privileged role administrator",
    "7be44c8a-adaf-4e2a-84d6-ab2649e08a13": "privileged authentication administrator",
    "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3": "application administrator",
    "158c047a-c907-4556-b7ef-446551a6b5f7": "cloud application administrator",
    "c4e39bd9-1100-46d3-8c65-fb160da0071f": "authentication administrator",
    "8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2": "hybrid identity administrator",
    "fe930be7-5e62-47db-91af-98c3a49a38b1": "user administrator",
    "729827e3-9c14-49f7-bb1b-9608f156bbb8": "helpdesk administrator",
    "966707d0-3269-4727-9be2-8c3a10f19b9d": "password administrator",
    "fdd7a751-b60b-444a-984c-02652fe8fa1c": "groups administrator",
    "45d8d3c5-c802-45c6-b32a-1d70b5e1e86e": "identity governance administrator",
    "194ae4cb-b126-40b2-bd5b-6091b380977d": "security administrator",
    "b1be1c3e-b65d-4f19-8427-f6fa0d97feb9": "conditional access administrator",
    "8329153b-31d0-4727-b945-745eb3bc5f31": "domain name administrator",
    "be2f45a1-457d-42af-a067-6ec1fa63bc45": "external identity provider administrator",
    "3a2c62db-5318-420d-8d74-23affee5d9d5": "intune administrator",
    "d29b2b05-8046-44ba-8758-1e26182fcf32": "directory synchronization accounts",
    "e00e864a-17c5-4a4b-9c06-f5b95a8d5bd8": "partner tier2 support",
    "4ba39ca4-527c-499a-b93d-d9b492c50246": "partner tier1 support",
    "9360feb5-f418-4baa-8175-e2a00bac4301": "directory writers",
    "f2ef992c-3afb-46b9-b7cf-a126ee74c451": "global reader",
    "88d8e3e3-8f55-4a1e-953a-9b9898b8876b": "directory readers",
    "5d6b6bb7-de71-4623-b4af-96380a352509": "security reader",
    "4a5d8f65-41da-4de4-8968-e035b65339cf": "reports reader",
    "cf1c38e5-3621-4004-a7cb-879624dced7c": "application developer",
    "29232cdf-9323-42fd-ade2-1d097af3e4de": "exchange administrator",
    "f28a1f50-f6e7-4571-818b-6a12f2af6b6c": "sharepoint administrator",
    "17315797-102d-40b4-93e0-432062caca18": "compliance administrator",
    "7495fdc4-34c4-4d15-a289-98788ce399fd": "azure information protection administrator",
    "790c1fb9-7f7d-4f88-86a1-ef1f95c05c1b": "message center reader",
    "95e79109-95c0-4d8e-aee3-d01accf2d47b": "guest inviter",
    "b0f54661-2d74-4c50-afa3-1ec803f12efe": "billing administrator",
    "69091246-20e8-4a56-aa4d-066075b2a7a8": "teams administrator",
}
"""Name by template id, in lower case."""

GRAPH_PERMISSIONS: Final[dict[str, str]] = {
    "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8": "RoleManagement.ReadWrite.Directory",
    "06b708a9-e830-4db3-a914-8e69da51d44f": "AppRoleAssignment.ReadWrite.All",
    "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9": "Application.ReadWrite.All",
    "18a4783c-866b-4cc7-a460-3d5e5662c884": "Application.ReadWrite.OwnedBy",
    "19dbc75e-c2e2-444c-a770-ec69d8559fc7": "Directory.ReadWrite.All",
    "62a82d76-70ea-41e2-9197-370581804d09": "Group.ReadWrite.All",
    "dbaae8cf-10b5-4b86-a4a1-f871c94c6695": "GroupMember.ReadWrite.All",
    "741f803b-c850-494e-b5df-cde7c675a1ca": "User.ReadWrite.All",
    "50483e42-d915-4231-9639-7fdb7fd190e5": "UserAuthenticationMethod.ReadWrite.All",
    "cc117bb9-00cf-4eb8-b580-ea2a878fe8f7": "User-PasswordProfile.ReadWrite.All",
    "eccc023d-eccf-4e7b-9683-8813ab36cecc": "User.DeleteRestore.All",
    "292d869f-3427-49a8-9dab-8c70152b74e9": "Organization.ReadWrite.All",
    "01c0a623-fc9b-48e9-b794-0756f8e8f067": "Policy.ReadWrite.ConditionalAccess",
    "a402ca1c-2696-4531-972d-6e5ee4aa11ea": "Policy.ReadWrite.PermissionGrant",
    "be74164b-cff1-491c-8741-e671cb536e13": "Policy.ReadWrite.ApplicationConfiguration",
    "29c18626-4985-4dcd-85c0-193eef327366": "Policy.ReadWrite.AuthenticationMethod",
    "7e05723c-0bb0-42da-be95-ae9f08a6e53c": "Domain.ReadWrite.All",
    "dd199f4a-f148-40a4-a2ec-f0069cc799ec": "RoleAssignmentSchedule.ReadWrite.Directory",
    "fee28b28-e1f3-4841-818e-2704dc62245f": "RoleEligibilitySchedule.ReadWrite.Directory",
    "41202f2c-f7ab-45be-b001-85c9728b9d69": "PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup",
    "618b6020-bca8-4de6-99f6-ef445fa4d857": "PrivilegedEligibilitySchedule.ReadWrite.AzureADGroup",
    "9acd699f-1e81-4958-b001-93b1d2506e19": "EntitlementManagement.ReadWrite.All",
    "7ab1d382-f21e-4acd-a863-ba3e13f7da61": "Directory.Read.All",
    "df021288-bdef-4463-88db-98f22de89214": "User.Read.All",
    "5b567255-7703-4780-807c-7be8301ae99b": "Group.Read.All",
    "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30": "Application.Read.All",
    "810c84a8-4a9e-49e6-bf7d-12d183f40d01": "Mail.Read",
    "e2a3a72e-5f79-4c64-b1b1-878b674786c9": "Mail.ReadWrite",
    "b633e1c5-b582-4048-a93e-9f11b44c7e96": "Mail.Send",
    "01d4889c-1287-42c6-ac1f-5d1e02578ef6": "Files.Read.All",
    "75359482-378d-4052-8f01-80520e7db3cd": "Files.ReadWrite.All",
    "332a536c-c7ef-4017-ab91-336970924f0d": "Sites.Read.All",
    "9492366f-7969-46a4-8d15-ed1a20078fff": "Sites.ReadWrite.All",
    "a82116e5-55eb-4c41-a434-62fe8a61c773": "Sites.FullControl.All",
}
"""Name by id of the application permission."""

_NAMES = frozenset(DIRECTORY_ROLES.values())
_FORMER_NAMES = {"company administrator": "global administrator"}


def role_named(name_or_id: str) -> str:
    """Give the name of a directory role, in lower case; what is unknown as it is, in lower case."""
    key = name_or_id.strip().lower()
    key = DIRECTORY_ROLES.get(key.rpartition("/")[2], key)
    return _FORMER_NAMES.get(key, key)


def is_directory_role(name_or_id: str) -> bool:
    """Tell whether this is the name or the template id of a role of the directory."""
    return role_named(name_or_id) in _NAMES


def graph_permission(name_or_id: str) -> str:
    """Give the name of an application permission of Microsoft Graph; what is unknown as it is."""
    return GRAPH_PERMISSIONS.get(name_or_id.strip().lower(), name_or_id.strip())
