#!/bin/bash
# Codex with its built-in provider at another address: WebSocket first, its own default model.
. "$DRIVERS/lib/common.sh"
mkdir -p "$SCR/home/.codex"
cat > "$SCR/home/.codex/config.toml" <<X
openai_base_url = "$BASE_URL/v1"
chatgpt_base_url = "$BASE_URL/backend-api"
check_for_update_on_startup = false
[analytics]
enabled = false
[feedback]
enabled = false
[features]
plugins = false
remote_plugin = false
apps = false
X
echo "{\"auth_mode\":\"apikey\",\"OPENAI_API_KEY\":\"$API_KEY\"}" > "$SCR/home/.codex/auth.json"
( cd "$SCR/work" && git init -q . )
client "$INST/codex/node_modules/.bin/codex" exec --skip-git-repo-check -s danger-full-access "$PROMPT"
finish
