#!/usr/bin/env bash
# Signs a job of GitHub Actions in to both accounts: one CLI profile each, with the names that the
# stack files say, by the job's OpenID Connect token. No key is stored anywhere.
#
# In the environment: PRODUCTION_PROFILE, PRODUCTION_ROLE_ARN, STAGING_PROFILE, STAGING_ROLE_ARN.
# The token is good for some minutes: run this before each step that signs in anew.
set -euo pipefail
umask 077

token="$RUNNER_TEMP/web-identity-token"
curl --silent --show-error --fail --retry 3 \
  --header "Authorization: bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" \
  "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=sts.amazonaws.com" \
  | python3 -c 'import json, sys; sys.stdout.write(json.load(sys.stdin)["value"])' >"$token.new"
mv "$token.new" "$token"

config="$RUNNER_TEMP/aws-config"
: >"$config"
for side in PRODUCTION STAGING; do
  profile="${side}_PROFILE" role="${side}_ROLE_ARN"
  cat >>"$config" <<END
[profile ${!profile}]
role_arn = ${!role}
web_identity_token_file = $token
role_session_name = github-$GITHUB_RUN_ID
END
done
echo "AWS_CONFIG_FILE=$config" >>"$GITHUB_ENV"
