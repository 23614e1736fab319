package main

import (
	"fmt"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/private/protocol"
	"github.com/aws/aws-sdk-go/private/protocol/query"
	"github.com/aws/aws-sdk-go/service/iam"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
)

// The tag operations of instance profiles are of 2021: neither the provider nor its AWS SDK has them, so their
// shapes are declared here as the IAM API reference gives them.
type (
	tagInput struct {
		InstanceProfileName *string    `type:"string" required:"true"`
		Tags                []*iam.Tag `type:"list" required:"true"`
	}
	untagInput struct {
		InstanceProfileName *string   `type:"string" required:"true"`
		TagKeys             []*string `type:"list" required:"true"`
	}
	listTagsInput struct {
		InstanceProfileName *string `type:"string" required:"true"`
	}
	listTagsOutput struct {
		Tags []*iam.Tag `type:"list"` // at most 50, one page
	}
	nothing struct{}
)

func tagInstanceProfiles(profile *schema.Resource) {
	create, update, read := profile.Create, profile.Update, profile.Read
	profile.Schema["tags"] = &schema.Schema{
		Type: schema.TypeMap, Optional: true, Elem: &schema.Schema{Type: schema.TypeString},
	}
	profile.Create = func(d *schema.ResourceData, connection interface{}) error {
		if err := create(d, connection); err != nil {
			return err
		}
		return writeTags(d, connection)
	}
	profile.Update = func(d *schema.ResourceData, connection interface{}) error {
		if err := update(d, connection); err != nil {
			return err
		}
		return writeTags(d, connection)
	}
	profile.Read = func(d *schema.ResourceData, connection interface{}) error {
		if err := read(d, connection); err != nil || d.Id() == "" {
			return err
		}
		return readTags(d, connection)
	}
}

func writeTags(d *schema.ResourceData, connection interface{}) error {
	before, after := d.GetChange("tags")
	wanted := after.(map[string]interface{})
	name := aws.String(d.Id())
	var gone []*string
	for key := range before.(map[string]interface{}) {
		if _, kept := wanted[key]; !kept {
			gone = append(gone, aws.String(key))
		}
	}
	if len(gone) > 0 {
		if err := call(connection, "UntagInstanceProfile", &untagInput{name, gone}, &nothing{}); err != nil {
			return err
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	var tags []*iam.Tag
	for key, value := range wanted {
		tags = append(tags, &iam.Tag{Key: aws.String(key), Value: aws.String(value.(string))})
	}
	return call(connection, "TagInstanceProfile", &tagInput{name, tags}, &nothing{})
}

func readTags(d *schema.ResourceData, connection interface{}) error {
	found := &listTagsOutput{}
	if err := call(connection, "ListInstanceProfileTags", &listTagsInput{aws.String(d.Id())}, found); err != nil {
		return err
	}
	tags := map[string]interface{}{}
	for _, tag := range found.Tags {
		tags[aws.StringValue(tag.Key)] = aws.StringValue(tag.Value)
	}
	return d.Set("tags", tags)
}

// call sends an IAM operation that the linked AWS SDK has no method for.
func call(connection interface{}, operation string, input, output interface{}) error {
	r := client[*iam.IAM](connection, "iamconn").NewRequest(
		&request.Operation{Name: operation, HTTPMethod: "POST", HTTPPath: "/"}, input, output)
	if _, discard := output.(*nothing); discard {
		r.Handlers.Unmarshal.Swap(query.UnmarshalHandler.Name, protocol.UnmarshalDiscardBodyHandler)
	}
	if err := r.Send(); err != nil {
		return fmt.Errorf("%s: %w", operation, err)
	}
	return nil
}
