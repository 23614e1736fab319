package main

import (
	"fmt"
	"reflect"
	"unsafe"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/secretsmanager"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/validation"
)

// modernise adds what today's SDK offers on the resources used here and the provider of 2020 lacks.
func modernise(provider *schema.Provider) {
	resources := provider.ResourcesMap
	tagInstanceProfiles(resources["aws_iam_instance_profile"])
	resources["aws_secretsmanager_secret_policy"] = secretPolicy()
	// A policy attached by the resource above is not the secret's drift.
	resources["aws_secretsmanager_secret"].Schema["policy"].Computed = true
	exposeQueueURL(resources["aws_sqs_queue"])
}

// client reads a service client from the provider's configured connection, which keeps its clients in unexported fields.
func client[T any](connection interface{}, field string) T {
	return *(*T)(unsafe.Pointer(reflect.ValueOf(connection).Elem().FieldByName(field).UnsafeAddr()))
}

func secretPolicy() *schema.Resource {
	return &schema.Resource{
		Create:   putSecretPolicy,
		Update:   putSecretPolicy,
		Read:     readSecretPolicy,
		Delete:   deleteSecretPolicy,
		Importer: &schema.ResourceImporter{State: schema.ImportStatePassthrough},
		Schema: map[string]*schema.Schema{
			"secret_arn":          {Type: schema.TypeString, Required: true, ForceNew: true},
			"policy":              {Type: schema.TypeString, Required: true, ValidateFunc: validation.StringIsJSON},
			"block_public_policy": {Type: schema.TypeBool, Optional: true},
		},
	}
}

func putSecretPolicy(d *schema.ResourceData, connection interface{}) error {
	secret := d.Get("secret_arn").(string)
	_, err := client[*secretsmanager.SecretsManager](connection, "secretsmanagerconn").PutResourcePolicy(
		&secretsmanager.PutResourcePolicyInput{
			SecretId:          aws.String(secret),
			ResourcePolicy:    aws.String(d.Get("policy").(string)),
			BlockPublicPolicy: aws.Bool(d.Get("block_public_policy").(bool)),
		})
	if err != nil {
		return fmt.Errorf("setting the resource policy of secret %s: %w", secret, err)
	}
	d.SetId(secret)
	return nil
}

func readSecretPolicy(d *schema.ResourceData, connection interface{}) error {
	found, err := client[*secretsmanager.SecretsManager](connection, "secretsmanagerconn").GetResourcePolicy(
		&secretsmanager.GetResourcePolicyInput{SecretId: aws.String(d.Id())})
	if absent(err) || (err == nil && found.ResourcePolicy == nil) {
		d.SetId("")
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the resource policy of secret %s: %w", d.Id(), err)
	}
	if err := d.Set("policy", aws.StringValue(found.ResourcePolicy)); err != nil {
		return err
	}
	return d.Set("secret_arn", d.Id())
}

func deleteSecretPolicy(d *schema.ResourceData, connection interface{}) error {
	_, err := client[*secretsmanager.SecretsManager](connection, "secretsmanagerconn").DeleteResourcePolicy(
		&secretsmanager.DeleteResourcePolicyInput{SecretId: aws.String(d.Id())})
	if err != nil && !absent(err) {
		return fmt.Errorf("removing the resource policy of secret %s: %w", d.Id(), err)
	}
	return nil
}

func absent(err error) bool {
	_, notFound := err.(*secretsmanager.ResourceNotFoundException)
	return notFound
}

func exposeQueueURL(queue *schema.Resource) {
	queue.Schema["url"] = &schema.Schema{Type: schema.TypeString, Computed: true}
	queue.Create, queue.Read, queue.Update = withURL(queue.Create), withURL(queue.Read), withURL(queue.Update)
}

func withURL(step func(*schema.ResourceData, interface{}) error) func(*schema.ResourceData, interface{}) error {
	return func(d *schema.ResourceData, connection interface{}) error {
		if err := step(d, connection); err != nil || d.Id() == "" {
			return err
		}
		return d.Set("url", d.Id())
	}
}
