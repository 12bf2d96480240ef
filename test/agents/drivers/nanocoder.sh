#!/bin/bash
# nanocoder: chat completions.
. "$DRIVERS/lib/common.sh"
cat > "$SCR/work/agents.config.json" <<X
{"nanocoder":{"providers":[{"name":"probe","baseUrl":"$BASE_URL/v1","apiKey":"$API_KEY","models":["gpt-4o"]}]}}
X
client "$INST/node24/node_modules/node/bin/node" "$INST/nanocoder/node_modules/.bin/nanocoder" --provider probe --model gpt-4o --mode yolo --trust-directory --plain run "$PROMPT"
finish
