"""What is particular to instance profiles, identity providers, keys, topics and queues."""

import json
from typing import Any

import pytest

from cross_account_access.dev.sandbox.provider.verbs import HalfMadeError
from tests.unit.sandbox.engine import (
    ACCOUNT,
    POLICY,
    REGION,
    TRUST,
    Engine,
    answered,
    plain,
    refused,
)

PROFILE = "aws:iam/instanceProfile:InstanceProfile"
IDENTITY_PROVIDER = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
KEY = "aws:kms/key:Key"
ALIAS = "aws:kms/alias:Alias"
TOPIC = "aws:sns/topic:Topic"
TOPIC_POLICY = "aws:sns/topicPolicy:TopicPolicy"
QUEUE = "aws:sqs/queue:Queue"
QUEUE_POLICY = "aws:sqs/queuePolicy:QueuePolicy"

TOPIC_ARN = f"arn:aws:sns:{REGION}:{ACCOUNT}:topic"
PROVIDER_INPUTS = {"url": "https://oidc.example", "clientIdLists": ["a", "b"]}
POLICY_INPUTS = {"arn": TOPIC_ARN, "policy": POLICY}
QUEUE_URL = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/queue"


@pytest.mark.parametrize(
    ("pulumi_type", "inputs", "change"),
    [
        (PROFILE, {"name": "p"}, {"name": "q"}),
        (PROFILE, {"name": "p"}, {"path": "/x/"}),
        (
            IDENTITY_PROVIDER,
            {"url": "https://a.example", "clientIdLists": ["a"]},
            {"url": "https://b.example"},
        ),
        (ALIAS, {"name": "alias/a", "targetKeyId": "k"}, {"name": "alias/b"}),
        (TOPIC, {"name": "t"}, {"name": "u"}),
        (TOPIC_POLICY, {"arn": TOPIC_ARN, "policy": POLICY}, {"arn": f"{TOPIC_ARN}s"}),
        (QUEUE, {"name": "q"}, {"name": "r"}),
        (QUEUE_POLICY, {"queueUrl": QUEUE_URL, "policy": POLICY}, {"queueUrl": f"{QUEUE_URL}s"}),
    ],
)
def test_another_name_or_owner_is_another_resource(
    engine: Engine, pulumi_type: str, inputs: dict[str, Any], change: dict[str, Any]
) -> None:
    state = engine.check(pulumi_type, inputs)

    proposed = engine.diff(pulumi_type, "id", state, {**inputs, **change})

    assert proposed.replaces == list(change)


class TestInstanceProfile:
    def role(self, engine: Engine) -> str:
        found = engine.client("iam").get_instance_profile(InstanceProfileName="p")
        role: str = found["InstanceProfile"]["Roles"][0]["RoleName"]
        return role

    def test_a_role_that_others_put_in_is_found_and_put_right(self, engine: Engine) -> None:
        inputs = {"name": "p", "role": "role"}
        made, state = engine.create(PROFILE, inputs)
        iam = engine.client("iam")
        iam.remove_role_from_instance_profile(InstanceProfileName="p", RoleName="role")
        iam.add_role_to_instance_profile(InstanceProfileName="p", RoleName="other-role")

        _, drifted, _ = engine.read(PROFILE, made, state, inputs)
        assert engine.diff(PROFILE, made, drifted, inputs).diffs == ["role"]
        engine.update(PROFILE, made, drifted, inputs)

        assert self.role(engine) == "role"

    def test_goes_with_whatever_role_is_in_it(self, engine: Engine) -> None:
        made, state = engine.create(PROFILE, {"name": "p"})
        engine.client("iam").add_role_to_instance_profile(InstanceProfileName="p", RoleName="role")

        engine.delete(PROFILE, made, state)

        assert engine.read(PROFILE, made, state, {})[0] == ""

    def test_without_its_role_it_is_half_made(self, engine: Engine) -> None:
        with pytest.raises(HalfMadeError, match=r"Instance Profile \(p\): NoSuchEntity") as refusal:
            engine.create(PROFILE, {"name": "p", "role": "absent"})

        assert refusal.value.resource_id == "p"


class TestIdentityProvider:
    def test_its_url_is_told_without_the_scheme_and_means_the_same(self, engine: Engine) -> None:
        made, state = engine.create(IDENTITY_PROVIDER, PROVIDER_INPUTS)

        assert state["url"] == "oidc.example"
        assert engine.diff(IDENTITY_PROVIDER, made, state, PROVIDER_INPUTS).diffs == []
        _, _, inputs = engine.read(IDENTITY_PROVIDER, made, state, PROVIDER_INPUTS)
        assert inputs["url"] == "https://oidc.example"

    def test_clients_come_and_go_one_by_one(self, engine: Engine) -> None:
        made, state = engine.create(IDENTITY_PROVIDER, PROVIDER_INPUTS)
        changed = {**PROVIDER_INPUTS, "clientIdLists": ["b", "c"]}
        assert engine.diff(IDENTITY_PROVIDER, made, state, changed).replaces == []

        iam = engine.client("iam")
        with (
            answered(iam, "AddClientIDToOpenIDConnectProvider") as added,
            answered(iam, "RemoveClientIDFromOpenIDConnectProvider") as removed,
        ):
            engine.update(IDENTITY_PROVIDER, made, state, changed)

        assert [each["ClientID"] for each in added] == ["c"]
        assert [each["ClientID"] for each in removed] == ["a"]

    def test_thumbprints_that_iam_found_itself_are_no_change(self, engine: Engine) -> None:
        made, state = engine.create(IDENTITY_PROVIDER, PROVIDER_INPUTS)
        engine.client("iam").update_open_id_connect_provider_thumbprint(
            OpenIDConnectProviderArn=made, ThumbprintList=["1" * 40]
        )

        _, refreshed, _ = engine.read(IDENTITY_PROVIDER, made, state, PROVIDER_INPUTS)

        assert refreshed["thumbprintLists"] == ["1" * 40]
        assert engine.diff(IDENTITY_PROVIDER, made, refreshed, PROVIDER_INPUTS).diffs == []


class TestKey:
    def test_is_gone_while_it_waits_for_its_deletion(self, engine: Engine) -> None:
        made, state = engine.create(KEY, {"deletionWindowInDays": 7})
        kms = engine.client("kms")

        engine.delete(KEY, made, state)

        assert engine.read(KEY, made, state, {})[0] == ""
        found = kms.describe_key(KeyId=made)["KeyMetadata"]
        assert (found["DeletionDate"] - found["CreationDate"]).days == 7
        # What somebody else has scheduled already is fine too, and keeps its date.
        engine.delete(KEY, made, {**state, "deletionWindowInDays": 30})
        assert kms.describe_key(KeyId=made)["KeyMetadata"]["DeletionDate"] == found["DeletionDate"]

    def test_a_key_that_others_disabled_is_found_and_enabled(self, engine: Engine) -> None:
        made, state = engine.create(KEY, {})
        kms = engine.client("kms")
        kms.disable_key(KeyId=made)

        _, drifted, _ = engine.read(KEY, made, state, {})
        assert engine.diff(KEY, made, drifted, {}).diffs == ["isEnabled"]
        engine.update(KEY, made, drifted, {})

        assert kms.describe_key(KeyId=made)["KeyMetadata"]["Enabled"]

    def test_is_changed_before_it_is_disabled_and_after_it_is_enabled(self, engine: Engine) -> None:
        made, enabled = engine.create(KEY, {"description": "one"})
        calls = []

        def note(model: Any, **_: object) -> None:
            calls.append(model.name)

        events = engine.client("kms").meta.events
        events.register("before-call.kms", note)
        disabled = engine.update(KEY, made, enabled, {"description": "two", "isEnabled": False})
        engine.update(KEY, made, disabled, {"description": "three", "isEnabled": True})
        events.unregister("before-call.kms", note)

        steps = {"DisableKey", "EnableKey", "UpdateKeyDescription"}
        assert [call for call in calls if call in steps] == [
            *("UpdateKeyDescription", "DisableKey"),
            *("EnableKey", "UpdateKeyDescription"),
        ]

    def test_a_policy_that_the_program_does_not_declare_is_left_alone(self, engine: Engine) -> None:
        made, state = engine.create(KEY, {})
        engine.client("kms").put_key_policy(KeyId=made, PolicyName="default", Policy=TRUST)

        _, drifted, _ = engine.read(KEY, made, state, {})

        assert json.loads(drifted["policy"]) == json.loads(TRUST)
        assert engine.diff(KEY, made, drifted, {}).diffs == []

    def test_without_its_rotation_it_is_half_made(self, engine: Engine) -> None:
        with (
            refused(engine.client("kms"), "EnableKeyRotation", "ThrottlingException"),
            pytest.raises(
                HalfMadeError, match=r"creating KMS Key .*ThrottlingException"
            ) as refusal,
        ):
            engine.create(KEY, {"enableKeyRotation": True})

        made = engine.client("kms").describe_key(KeyId=refusal.value.resource_id)
        assert made["KeyMetadata"]["Enabled"]
        assert plain(refusal.value.state["enableKeyRotation"]) is True


class TestAlias:
    @pytest.fixture
    def keys(self, engine: Engine) -> list[dict[str, Any]]:
        kms = engine.client("kms")
        return [kms.create_key()["KeyMetadata"] for _ in range(2)]

    def test_points_to_a_key_by_its_id_or_its_arn_alike(
        self, engine: Engine, keys: list[dict[str, Any]]
    ) -> None:
        by_arn = {"name": "alias/a", "targetKeyId": keys[0]["Arn"]}
        made, state = engine.create(ALIAS, by_arn)

        assert state["targetKeyId"] == keys[0]["KeyId"]
        assert state["targetKeyArn"] == keys[0]["Arn"]
        assert engine.diff(ALIAS, made, state, by_arn).diffs == []

    def test_moves_to_another_key_in_place_and_goes(
        self, engine: Engine, keys: list[dict[str, Any]]
    ) -> None:
        made, state = engine.create(ALIAS, {"name": "alias/a", "targetKeyId": keys[0]["Arn"]})
        moved = {"name": "alias/a", "targetKeyId": keys[1]["Arn"]}
        proposed = engine.diff(ALIAS, made, state, moved)
        assert (proposed.diffs, proposed.replaces) == (["targetKeyId"], [])

        state = engine.update(ALIAS, made, state, moved)
        assert engine.client("kms").describe_key(KeyId="alias/a")["KeyMetadata"] == keys[1]
        _, imported, inputs = engine.read(ALIAS, made, {}, {})
        assert engine.diff(ALIAS, made, imported, moved).diffs == []
        assert inputs["targetKeyId"] == keys[1]["KeyId"]

        engine.delete(ALIAS, made, state)
        assert engine.read(ALIAS, made, state, moved)[0] == ""
        engine.delete(ALIAS, made, state)

    def test_gets_a_name_of_the_kind_that_aliases_have(self, engine: Engine) -> None:
        name = engine.check(ALIAS, {"targetKeyId": "k"})["name"]

        assert name.startswith("alias/logical-")


class TestTopicPolicy:
    def test_what_others_wrote_is_found_and_put_right(self, engine: Engine) -> None:
        made, state = engine.create(TOPIC_POLICY, POLICY_INPUTS)
        assert engine.diff(TOPIC_POLICY, made, state, POLICY_INPUTS).diffs == []
        sns = engine.client("sns")
        sns.set_topic_attributes(TopicArn=made, AttributeName="Policy", AttributeValue=TRUST)

        _, drifted, _ = engine.read(TOPIC_POLICY, made, state, POLICY_INPUTS)
        assert engine.diff(TOPIC_POLICY, made, drifted, POLICY_INPUTS).diffs == ["policy"]
        engine.update(TOPIC_POLICY, made, drifted, POLICY_INPUTS)

        live = sns.get_topic_attributes(TopicArn=made)["Attributes"]["Policy"]
        assert json.loads(live) == json.loads(POLICY)

    def test_removing_it_leaves_the_topic_to_its_owner_alone(self, engine: Engine) -> None:
        made, state = engine.create(TOPIC_POLICY, POLICY_INPUTS)

        engine.delete(TOPIC_POLICY, made, state)

        live = engine.client("sns").get_topic_attributes(TopicArn=made)["Attributes"]["Policy"]
        (statement,) = json.loads(live)["Statement"]
        assert statement["Resource"] == TOPIC_ARN
        assert statement["Condition"] == {"StringEquals": {"AWS:SourceOwner": ACCOUNT}}

    def test_goes_with_its_topic(self, engine: Engine) -> None:
        made, state = engine.create(TOPIC_POLICY, POLICY_INPUTS)
        engine.client("sns").delete_topic(TopicArn=made)

        assert engine.read(TOPIC_POLICY, made, state, POLICY_INPUTS)[0] == ""
        engine.delete(TOPIC_POLICY, made, state)


class TestQueue:
    def attributes(self, engine: Engine, url: str) -> dict[str, str]:
        answer = engine.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
        attributes: dict[str, str] = answer["Attributes"]
        return attributes

    def test_may_go_from_a_key_of_kms_to_one_of_sqs(self, engine: Engine) -> None:
        made, state = engine.create(QUEUE, {"name": "q", "kmsMasterKeyId": "alias/aws/sqs"})
        assert self.attributes(engine, made)["KmsMasterKeyId"] == "alias/aws/sqs"

        managed = {"name": "q", "sqsManagedSseEnabled": True}
        state = engine.update(QUEUE, made, state, managed)

        assert not self.attributes(engine, made).get("KmsMasterKeyId")
        assert self.attributes(engine, made)["SqsManagedSseEnabled"] == "true"
        assert engine.diff(QUEUE, made, state, managed).diffs == []

    def test_times_that_the_program_does_not_declare_are_those_of_sqs(self, engine: Engine) -> None:
        made, state = engine.create(QUEUE, {"name": "q"})
        engine.client("sqs").set_queue_attributes(
            QueueUrl=made, Attributes={"MessageRetentionPeriod": "60", "VisibilityTimeout": "1"}
        )

        _, drifted, _ = engine.read(QUEUE, made, state, {"name": "q"})
        engine.update(QUEUE, made, drifted, {"name": "q"})

        attributes = self.attributes(engine, made)
        assert attributes["MessageRetentionPeriod"] == "345600"
        assert attributes["VisibilityTimeout"] == "30"

    def test_is_imported_with_the_one_encryption_that_it_has(self, engine: Engine) -> None:
        made, state = engine.create(QUEUE, {"name": "q", "sqsManagedSseEnabled": True})
        by_kms = {"name": "q", "kmsMasterKeyId": "alias/aws/sqs"}
        engine.update(QUEUE, made, state, by_kms)
        # As the emulator does, where AWS turns the other one off.
        engine.client("sqs").set_queue_attributes(
            QueueUrl=made, Attributes={"SqsManagedSseEnabled": "true"}
        )

        _, imported, inputs = engine.read(QUEUE, made, {}, {})

        assert "sqsManagedSseEnabled" not in engine.check(QUEUE, inputs)
        assert engine.diff(QUEUE, made, imported, by_kms).diffs == []

    def test_encryption_that_the_program_does_not_mention_stays_as_it_is(
        self, engine: Engine
    ) -> None:
        made, state = engine.create(QUEUE, {"name": "q", "sqsManagedSseEnabled": True})
        silent = {"name": "q", "visibilityTimeoutSeconds": 60}

        assert engine.diff(QUEUE, made, state, silent).diffs == ["visibilityTimeoutSeconds"]
        engine.update(QUEUE, made, state, silent)

        attributes = self.attributes(engine, made)
        assert attributes["SqsManagedSseEnabled"] == "true"
        assert attributes["VisibilityTimeout"] == "60"

    def test_has_the_address_of_the_service_that_it_was_made_at(self, engine: Engine) -> None:
        made, state = engine.create(QUEUE, {"name": "q"})

        assert made == f"{engine.client('sqs').meta.endpoint_url}/{ACCOUNT}/q"
        assert state["url"] == made
