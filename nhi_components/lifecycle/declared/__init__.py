"""What programs and configurations have made: states of Pulumi and Terraform as sources of a scan."""
