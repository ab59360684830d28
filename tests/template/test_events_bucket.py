"""The bucket of large events and of the archive: as safe as a table, and it forgets when the tables do."""

from tests.template.loading import of_type, template

BUCKET = of_type("AWS::S3::Bucket")["EventsBucket"]


def test_the_bucket_is_private_encrypted_and_outlives_the_stack() -> None:
    resource = template()["Resources"]["EventsBucket"]

    assert set(BUCKET["PublicAccessBlockConfiguration"].values()) == {True}
    assert BUCKET["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_the_bucket_takes_no_plain_http() -> None:
    [policy] = [one for one in of_type("AWS::S3::BucketPolicy").values() if one["Bucket"] == {"Ref": "EventsBucket"}]
    [statement] = policy["PolicyDocument"]["Statement"]

    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_large_documents_live_as_long_as_their_items_and_the_archive_stays() -> None:
    rules = {
        rule["Prefix"]: rule["ExpirationInDays"]
        for rule in BUCKET["LifecycleConfiguration"]["Rules"]
        if "Prefix" in rule
    }

    assert rules == {"overflow/events/": {"Ref": "EventRetentionDays"}, "overflow/firings/": 100}
