"""Both sides of cross-account access as one component."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import pulumi
from pulumi import Alias, InvokeOutputOptions, Output, ResourceOptions
from pulumi_aws import Provider, iam, s3

from components.assumable_role import AssumableRole, refuse_in_one_go
from components.automatic import make_automatic
from components.deployed import ROLE, Deployed
from components.recorded import Recorded
from components.role_change import UNCHANGED
from components.shared_bucket import SharedBucket
from components.shared_queue import SharedQueue
from components.shared_topic import SharedTopic
from components.sharing import Access, Shared, Sharing
from components.trusted_machines import TrustedMachines, change_of_machines
from components.trusted_user import TrustedUser, change_of_user
from cross_account_access.declaration.accounts import Account, Accounts
from cross_account_access.declaration.kinds import Bucket, Queue, Topic, User, WebIdentities
from cross_account_access.declaration.machines import Machines
from cross_account_access.declaration.model import Consumer, Grant, OwnedResource, SharedResource

_COMPONENTS: Final[Mapping[type[SharedResource], Callable[..., Shared]]] = {
    Bucket: SharedBucket,
    Topic: SharedTopic,
    Queue: SharedQueue,
}
"""What is made of each kind of resource."""


@dataclass(frozen=True, kw_only=True)
class CrossAccountAccessArgs:
    """What `CrossAccountAccess` builds, and with which providers.

    The providers are arguments, one per account, because Pulumi keys inherited
    providers by package: of two `aws` providers in `providers=` it keeps one.
    """

    trusting: Account
    """The account that owns what is shared, and the roles."""
    trusted: Account
    """The account whose principals are let in."""
    trusting_provider: Provider
    """Deploys to the trusting account and refuses any other (`allowed_account_ids`)."""
    trusted_provider: Provider
    """Deploys to the trusted account and refuses any other (`allowed_account_ids`)."""
    resources: Sequence[SharedResource]
    consumers: Sequence[Consumer]
    grants: Sequence[Grant]
    recorded: Recorded
    """What is deployed already: it decides what has to happen before what."""


class CrossAccountAccess(pulumi.ComponentResource):
    """What is shared, and roles, in the trusting account; in the trusted one, who may use them.

    The logical name of each resource is `NAME-ITEM`, ITEM being the name of a
    bucket, topic or queue, of a consumer or of an identity provider; the type
    tells the rest apart, and `-instances` or `-machines` the role of machines from the role that
    they assume.
    These names are a public contract: renaming one replaces a live resource.
    """

    def __init__(
        self, name: str, args: CrossAccountAccessArgs, opts: ResourceOptions | None = None
    ) -> None:
        accesses = {consumer.name: _access(name, consumer, args) for consumer in args.consumers}
        leaving = _leaving(args)
        for each in accesses.values():
            refuse_in_one_go(each, leaving)
        super().__init__("cross-account-access:index:CrossAccountAccess", name, None, opts)
        self.trusting_canonical_user_id = _canonical_user_id(self, args.trusting_provider)
        """64 hexadecimal digits; for reading ACLs and old policies, never written into one."""
        self.trusted_canonical_user_id = _canonical_user_id(self, args.trusted_provider)
        """As above, of the trusted account."""
        # Nothing is made in either account before both providers have answered: each checks its
        # allowed account IDs before it asks AWS anything.
        answers = Output.all(self.trusting_canonical_user_id, self.trusted_canonical_user_id)

        def proven(more: list[pulumi.Resource]) -> Output[list[pulumi.Resource]]:
            return answers.apply(lambda _: more)

        self._trusting_provider = args.trusting_provider
        accounts = Accounts(trusting=args.trusting, trusted=args.trusted)
        identity_providers = _identity_providers(
            name,
            args.consumers,
            ResourceOptions(parent=self, provider=args.trusting_provider, depends_on=proven([])),
        )
        self.resource_arns: dict[str, dict[str, Output[str]]] = {
            kind.kind: {} for kind in _COMPONENTS
        }
        """ARNs by kind and name."""
        self.key_arns: dict[str, Output[str]] = {}
        """ARNs by the names of those buckets that have a key of their own."""
        sharing = Sharing(grants=args.grants, accounts=accounts, provider=args.trusting_provider)
        made: dict[SharedResource, Shared] = {}
        owned = (each for each in args.resources if isinstance(each, OwnedResource))
        for resource in (each for each in owned if not each.existing):
            shared = made[resource] = _COMPONENTS[type(resource)](
                f"{name}-{resource.name}",
                resource,
                sharing,
                # Inherited by all parts: a destroy would otherwise strip a protected bucket of its
                # policy and its encryption before it met the bucket itself.
                ResourceOptions(parent=self, depends_on=proven([]), protect=resource.protect),
            )
            self.resource_arns[resource.kind][resource.name] = shared.arn
            if shared.key_arn is not None:
                self.key_arns[resource.name] = shared.key_arn

        self.user_arns: dict[str, str] = {}
        """ARNs by the names of those consumers that are users."""
        self.role_arns: dict[str, Output[str]] = {}
        """ARNs by the names of those consumers that have a role."""
        self.access_policy_arns: dict[str, list[Output[str]]] = {}
        """As above; none where the policy is part of the role."""
        parts: dict[str, list[pulumi.Resource]] = {each.name: [] for each in args.consumers}
        for consumer in args.consumers:
            item = f"{name}-{consumer.name}"
            part = ResourceOptions(
                parent=self,
                depends_on=proven(
                    [
                        made[grant.resource].guarded
                        for grant in accesses[consumer.name].grants
                        if grant.resource in made
                    ]
                ),
                # What is below a renamed part is found by the part's former name too.
                aliases=[Alias(name=f"{name}-{consumer.renamed_from}")]
                if consumer.renamed_from
                else None,
            )
            access = accesses[consumer.name]
            parts[consumer.name] = self._make_consumer(item, access, part, identity_providers)

        _complete(name, made, sharing, parts, ResourceOptions(parent=self))
        self.register_outputs({})

    def _make_consumer(
        self,
        item: str,
        access: Access,
        opts: ResourceOptions,
        providers: Mapping[str, iam.OpenIdConnectProvider],
    ) -> list[pulumi.Resource]:
        """Make a consumer's own side and its role, and return both.

        Args:
            item: their logical name.
            access: what they are for.
            opts: of both.
            providers: by issuer.
        """
        consumer = access.consumer
        made: list[pulumi.Resource] = []
        after: list[pulumi.Resource] = []
        role, trusting = None, None
        if consumer.role:
            by_role = replace(access, provider=self._trusting_provider)
            role = AssumableRole(item, consumer.role, by_role, opts)
            self.access_policy_arns[consumer.name] = role.policy_arns
        changes = access.caller.is_in_place
        first: Sequence[pulumi.Resource] = ()
        if role and changes:
            trusting = None if role.waits else role.trust()
            first = [trusting] if trusting else role.written
        match consumer.principal:
            case User() as user:
                trusted_user = TrustedUser(item, user, access, opts, first)
                made.append(trusted_user)
                after += [trusted_user.principal] if changes else []
                self.user_arns[consumer.name] = trusted_user.arn
            case Machines() as machines:
                trusted_machines = TrustedMachines(item, machines, access, opts, first)
                made.append(trusted_machines)
                after += [trusted_machines.principal] if changes else []
            case WebIdentities(issuer=issuer) if issuer in providers:
                after.append(providers[issuer])
        if role:
            trusting = trusting or role.trust(*after)
            self.role_arns[consumer.name] = trusting.arn
            role.attach(trusting, *after)
            made.append(role)
        return made


def _leaving(args: CrossAccountAccessArgs) -> set[str]:
    """Return the names of roles of the trusting account that the end of this takes away."""
    stay = {each.role.name for each in args.consumers if each.role}
    stay |= {
        each.replication_role_name
        for each in args.resources
        if isinstance(each, Bucket) and each.replication
    }
    return args.recorded.names_of(ROLE, args.trusting.account_id) - stay


def _access(name: str, consumer: Consumer, args: CrossAccountAccessArgs) -> Access:
    """Return what a consumer may do, and what is made of it in its own account."""
    accounts = Accounts(trusting=args.trusting, trusted=args.trusted)
    deployed = Deployed.of_consumer(name, consumer, args.recorded)
    match consumer.principal:
        case User() as user:
            caller = change_of_user(user, deployed)
        case Machines() as machines:
            caller = change_of_machines(machines, accounts, deployed)
        case _:
            caller = UNCHANGED
    return Access(
        consumer=consumer,
        grants=[grant for grant in args.grants if grant.consumer.name == consumer.name],
        accounts=accounts,
        provider=args.trusted_provider,
        deployed=deployed,
        caller=caller,
    )


def _complete(
    name: str,
    made: Mapping[SharedResource, Shared],
    sharing: Sharing,
    parts: Mapping[str, Sequence[pulumi.Resource]],
    opts: ResourceOptions,
) -> None:
    """Make what S3 does by itself, and of each resource what waits for that and for its grants.

    Args:
        name: what logical names begin with.
        made: each resource as far as it is made.
        sharing: with whom, and where.
        parts: by consumer, what its grants are made of.
        opts: of what is made beside the resources.
    """
    automatic = make_automatic(name, made, sharing, opts)
    for resource, shared in made.items():
        users = {grant.consumer.name for grant in sharing.grants if grant.resource == resource}
        granted = [part for user in sorted(users) for part in parts[user]]
        shared.complete([*granted, *automatic.get(resource, ())])


def _identity_providers(
    name: str, consumers: Sequence[Consumer], opts: ResourceOptions
) -> dict[str, iam.OpenIdConnectProvider]:
    """Make those of web identities that do not exist yet, by issuer."""
    web_identities = [
        consumer.principal
        for consumer in consumers
        if isinstance(consumer.principal, WebIdentities)
    ]
    return {
        issuer: iam.OpenIdConnectProvider(
            f"{name}-{issuer}",
            url=f"https://{issuer}",
            client_id_lists=sorted(
                {who.audience for who in web_identities if who.issuer == issuer}
            ),
            opts=opts,
        )
        for issuer in sorted({who.issuer for who in web_identities if not who.existing})
    }


def _canonical_user_id(parent: pulumi.Resource, provider: Provider) -> Output[str]:
    opts = InvokeOutputOptions(parent=parent, provider=provider)
    return s3.get_canonical_user_id_output(opts=opts).id
