"""Active Directory, asked by LDAP: service accounts, managed ones, their groups, delegation and retirement."""
