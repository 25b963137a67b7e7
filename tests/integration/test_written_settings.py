"""What is written without quotes, or in the wrong shape, is told in our words by the engine."""

from tests.support.program import Program

WRITTEN = """\
config:
  pulumi:disable-default-providers: [aws]
  cross-account-access:production_account_id: 012345671234
  cross-account-access:production_region: us-west-2
  cross-account-access:staging_account_id: [444455556666]
  cross-account-access:staging_region: us-west-2
  cross-account-access:buckets: hello
  cross-account-access:topics: {name: news}
  cross-account-access:queues: 7
  cross-account-access:resources:
  cross-account-access:consumers:
    - name: stage-admin
      user: {name: StageAdmin, path: /a*/}
      role:
        name: 0x10
        tags: {no: 2026-01-31, 2026-02-01: x}
      conditions:
        expires_at: 2030-01-31 18:00:00
        external_id:
  cross-account-access:grants:
    - {consumer: stage-admin, bucket: hello, levels: [read], prefixes: [2026-01-31, 1_000]}
  cross-account-access:trust_policy_limit: lots
  cross-account-acess:tags: {team: data}
"""

TOLD = [
    "cross-account-acess:tags: no such namespace; did you mean cross-account-access:tags?",
    "production_account_id: '1402434204' must be 12 digits",
    "staging_account_id: '[444455556666]' must be 12 digits",
    "buckets: 'hello' must be a list, as in {name: my-bucket}",
    "topics: {'name': 'news'} must be a list, as in {name: my-topic}",
    "queues: 7 must be a list, as in {name: my-queue}",
    "resources: '' must be a list, as in {name: my-secret",
    "consumers[0].user.path: '/a*/' must not have *, ? or ${",
    "consumers[0].role.name: 16 must be text: write it in quotes",
    "consumers[0].role.tags: '2026-02-01 00:00:00 +0000 UTC' is what YAML makes of a date",
    "consumers[0].role.tags.no: '2026-01-31 00:00:00 +0000 UTC' is what YAML makes of a date",
    "consumers[0].conditions.external_id: null is empty",
    "consumers[0].conditions.expires_at: '2030-01-31 18:00:00 +0000 UTC' stands there without",
    "grants[0].bucket: 'hello' is not the name of anything under buckets",
    "grants[0].prefixes[0]: '2026-01-31 00:00:00 +0000 UTC' is what YAML makes of a date",
    "grants[0].prefixes[1]: 1000 must be text: write it in quotes",
    "trust_policy_limit: 'lots' must be a whole number of characters",
]


def test_every_mistake_of_writing_is_told_at_once_by_its_setting(program: Program) -> None:
    (program.folder / "Pulumi.prod.yaml").write_text(WRITTEN)
    output = program.refused("preview", "--stack", "prod")
    told = output[output.index("Diagnostics:") :]
    assert f"{len(TOLD)} problems in Pulumi.prod.yaml; nothing was changed:" in told
    assert [line for line in TOLD if line not in told] == []
    assert "Traceback" not in told


def test_pulumi_config_still_sets_and_shows_a_setting(program: Program) -> None:
    program.pulumi("config", "set", "--path", "tags.team", "data", "--stack", "prod")
    assert '"team":"data"' in program.pulumi("config", "get", "tags", "--stack", "prod")
    assert "production_account_id" in program.pulumi("config", "--stack", "prod")
