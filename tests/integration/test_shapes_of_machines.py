"""Machines of Staging with a role that a service of AWS hands out to them, deployed for real.

In the emulated AWS no service hands out a role of its own accord. Which one may, and for whom, the
access engine decides over the documents that lie in the accounts.
"""

from functools import partial

import boto3

from tests.integration.shapes import (
    STAGING,
    caller_of,
    deploy,
    destroy,
    none_allowed,
    put,
    role,
    session_of,
    with_token,
)
from tests.support.people import STAGING_ADMIN, admin, assume, handed_out, refused
from tests.support.program import Program
from tests.support.world import deployed, may_assume

TASKS, FUNCTIONS = "ecs-tasks.amazonaws.com", "lambda.amazonaws.com"
PODS, ANYWHERE = "pods.eks.amazonaws.com", "rolesanywhere.amazonaws.com"


def staging(path: str) -> str:
    return f"arn:aws:iam::{STAGING}:role/{path}"


def test_tasks_come_by_their_task_role_and_send_as_themselves(program: Program) -> None:
    deploy(program, "ecs-tasks")
    assert program.settled()
    bucket, key, renderer = "example-ecs-101", "sunset.jpg", staging("tasks/Renderer")
    put(bucket, key)
    outputs = program.outputs()
    assert outputs["machineRoleArns"] == {"renderer": renderer}
    assert "credential_source = EcsContainer" in outputs["cliProfiles"]["renderer"]

    task = handed_out(renderer)
    with refused():
        task.client("s3").get_object(Bucket=bucket, Key=key)
    s3 = assume(task, role("RendererAccess")).client("s3")
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b"evening"
    with refused():
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    for another in (caller_of(STAGING, "Mallory"), session_of(staging("tasks/Renderer2"))):
        with refused():
            assume(another, role("RendererAccess"))

    world = deployed({})
    ours = {
        "aws_SourceAccount": STAGING,
        "aws_SourceArn": f"arn:aws:ecs:us-west-2:{STAGING}:task/c/1",
    }
    assert may_assume(world, TASKS, renderer, **ours)
    assert not may_assume(world, FUNCTIONS, renderer, **ours)
    assert not may_assume(world, TASKS, renderer, **{**ours, "aws_SourceAccount": "777788889999"})
    elsewhere = "arn:aws:ecs:us-west-2:777788889999:task/c/1"
    assert not may_assume(world, TASKS, renderer, **{**ours, "aws_SourceArn": elsewhere})
    assert not may_assume(world, TASKS, renderer, aws_SourceAccount=None, aws_SourceArn=None)
    destroy(program)


def test_a_function_has_its_own_role_and_an_adopted_one_keeps_what_it_has(
    program: Program,
) -> None:
    deploy(program, "lambda-functions")
    assert program.settled()
    bucket = "example-lambda-101"
    put(bucket, "images/1")
    resizer, archiver = staging("Resizer"), staging("service-role/Archiver")
    s3 = assume(handed_out(resizer), role("ResizerAccess")).client("s3")
    s3.put_object(Bucket=bucket, Key="images/1", Body=b"small")
    none_allowed(
        partial(s3.put_object, Bucket=bucket, Key="archive/1", Body=b""),
        partial(assume, handed_out(archiver), role("ResizerAccess")),
        partial(assume, handed_out(resizer), role("ArchiverAccess")),
    )
    s3 = assume(handed_out(archiver), role("ArchiverAccess")).client("s3")
    s3.put_object(Bucket=bucket, Key="archive/1", Body=b"old")
    none_allowed(partial(s3.get_object, Bucket=bucket, Key="archive/1"))

    world = deployed({})
    function = f"arn:aws:lambda:us-west-2:{STAGING}:function:"
    ours = {"aws_SourceAccount": STAGING, "aws_SourceArn": f"{function}resize-images"}
    assert may_assume(world, FUNCTIONS, resizer, **ours)
    for wrong in (
        {"aws_SourceArn": f"{function}resize-images-2"},
        {"aws_SourceArn": None},
        {"aws_SourceAccount": "777788889999"},
    ):
        assert not may_assume(world, FUNCTIONS, resizer, **{**ours, **wrong})

    iam = admin(STAGING_ADMIN).client("iam")
    kept = iam.list_role_policies(RoleName="Archiver")["PolicyNames"]
    assert set(kept) == {"log", "assume-ArchiverAccess"}
    # What others give the role that is the stack's is drift; the adopted one is its owner's.
    everything = "arn:aws:iam::aws:policy/AdministratorAccess"
    iam.attach_role_policy(RoleName="Archiver", PolicyArn=everything)
    assert program.settled()
    iam.attach_role_policy(RoleName="Resizer", PolicyArn=everything)
    assert "AdministratorAccess" in program.drift()
    destroy(program)
    assert iam.list_role_policies(RoleName="Archiver")["PolicyNames"] == ["log"]


def test_pods_come_by_both_roles_with_what_eks_states_of_them(program: Program) -> None:
    deploy(program, "eks-pods")
    assert program.settled()
    bucket, cluster = "example-pods-101", f"arn:aws:eks:us-west-2:{STAGING}:cluster/apps"
    put(bucket, "a")
    eks = admin(STAGING_ADMIN).client("eks")
    (listed,) = eks.list_pod_identity_associations(clusterName="apps")["associations"]
    association = eks.describe_pod_identity_association(
        clusterName="apps", associationId=listed["associationId"]
    )["association"]
    assert association["roleArn"] == staging("Shop")
    assert association["targetRoleArn"] == role("ShopAccess")
    external_id = association["externalId"]
    assert external_id == f"us-west-2/{STAGING}/apps/web/shop"

    tags = {
        "eks-cluster-arn": cluster,
        "eks-cluster-name": "apps",
        "kubernetes-namespace": "web",
        "kubernetes-service-account": "shop",
        "kubernetes-pod-name": "shop-0",
        "kubernetes-pod-uid": "7d1f",
    }

    def pod(external_id: str | None = external_id, **changes: str | None) -> boto3.Session:
        """What EKS does with the credentials of the first role, to get those of the second."""
        given = {**tags, **{key.replace("_", "-"): value for key, value in changes.items()}}
        stated = {} if external_id is None else {"ExternalId": external_id}
        passed = [{"Key": key, "Value": value} for key, value in given.items() if value]
        return assume(handed_out(staging("Shop")), role("ShopAccess"), Tags=passed, **stated)

    s3 = pod(kubernetes_pod_name="shop-1").client("s3")
    assert s3.get_object(Bucket=bucket, Key="a")["Body"].read() == b"evening"
    none_allowed(
        partial(s3.put_object, Bucket=bucket, Key="a", Body=b""),
        partial(pod, external_id=None),
        partial(pod, external_id=f"us-west-2/{STAGING}/apps/web/another"),
        partial(pod, kubernetes_namespace="default"),
        partial(pod, kubernetes_service_account=None),
        partial(pod, eks_cluster_arn=f"{cluster}2"),
        partial(pod, team="web"),
        partial(assume, session_of(staging("Shop2")), role("ShopAccess"), ExternalId=external_id),
    )

    world = deployed({})
    ours = {"aws_SourceAccount": STAGING, "aws_SourceArn": cluster}
    ours |= {f"aws_RequestTag/{key}": value for key, value in tags.items()}
    assert may_assume(world, PODS, staging("Shop"), **ours)
    assert not may_assume(world, TASKS, staging("Shop"), **ours)
    for wrong in (
        {"aws_SourceArn": f"{cluster}2"},
        {"aws_RequestTag/kubernetes-namespace": "default"},
        {"aws_RequestTag/kubernetes-service-account": None},
    ):
        assert not may_assume(world, PODS, staging("Shop"), **{**ours, **wrong})
    # Without session tags the roles let nobody in, so that it is told who took them away.
    eks.update_pod_identity_association(
        clusterName="apps", associationId=listed["associationId"], disableSessionTags=True
    )
    assert "disableSessionTags" in program.drift()
    destroy(program)
    assert eks.list_pod_identity_associations(clusterName="apps")["associations"] == []


ANCHOR = (
    f"arn:aws:rolesanywhere:us-west-2:{STAGING}:trust-anchor/11111111-2222-3333-4444-555555555555"
)


def test_a_machine_outside_comes_with_its_certificate_and_takes_it_along(program: Program) -> None:
    deploy(program, "roles-anywhere")
    assert program.settled()
    bucket, backup = "example-anywhere-101", staging("outside/Backup")
    of_certificate = [
        {"Key": "x509Subject/CN", "Value": "backup.example.com"},
        {"Key": "x509SAN/DNS", "Value": "backup.example.com"},
    ]
    come = partial(assume, handed_out(backup), role("BackupAccess"))
    for session in (come(), come(SourceIdentity="backup.example.com", Tags=of_certificate)):
        s3 = session.client("s3")
        s3.put_object(Bucket=bucket, Key="backups/1", Body=b"evening")
        none_allowed(
            partial(s3.get_object, Bucket=bucket, Key="backups/1"),
            partial(s3.put_object, Bucket=bucket, Key="elsewhere", Body=b""),
        )
    none_allowed(
        partial(come, Tags=[{"Key": "team", "Value": "backup"}]),
        partial(assume, session_of(staging("Backup2")), role("BackupAccess")),
    )

    world = deployed({})
    subject, issuer = "aws_PrincipalTag/x509Subject/CN", "aws_PrincipalTag/x509Issuer/CN"
    ours = {
        "aws_SourceAccount": STAGING,
        "aws_SourceArn": ANCHOR,
        subject: "backup.example.com",
        issuer: "Example machines",
    }
    assert may_assume(world, ANYWHERE, backup, **ours)
    assert not may_assume(world, TASKS, backup, **ours)
    for wrong in (
        {subject: "web.example.com"},
        {subject: None},
        {issuer: "Another authority"},
        {"aws_SourceArn": f"{ANCHOR[:-1]}6"},
    ):
        assert not may_assume(world, ANYWHERE, backup, **{**ours, **wrong})
    page = program.run("access", "handover", "--stack", "prod", "--contact", "me").output
    assert f"--trust-anchor-arn {ANCHOR} " in page
    assert "source_profile = backup" in page
    destroy(program)


ISSUER = "https://oidc.eks.us-west-2.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"


def test_pods_prove_themselves_with_the_token_of_their_service_account(program: Program) -> None:
    deploy(program, "eks-irsa")
    assert program.settled()
    bucket = "example-irsa-101"
    put(bucket, "a")
    indexer = "system:serviceaccount:search:indexer"
    ours = {"iss": ISSUER, "aud": "sts.amazonaws.com", "sub": indexer}
    s3 = with_token("IndexerAccess", **ours).client("s3")
    assert s3.get_object(Bucket=bucket, Key="a")["Body"].read() == b"evening"
    with refused():
        s3.put_object(Bucket=bucket, Key="a", Body=b"")
    for wrong in (
        {"sub": "system:serviceaccount:search:indexer-2"},
        {"sub": "system:serviceaccount:default:indexer"},
        {"aud": "another-cloud"},
        {"iss": f"{ISSUER[:-1]}0"},
    ):
        with refused():
            with_token("IndexerAccess", **{**ours, **wrong})
    page = program.run("access", "handover", "--stack", "prod", "--contact", "me").output
    assert "kubectl annotate serviceaccount indexer --namespace search" in page
    destroy(program)
