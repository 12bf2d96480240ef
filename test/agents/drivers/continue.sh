#!/bin/bash
# Continue's CLI.  PROTO=chat (default) | anthropic
. "$DRIVERS/lib/common.sh"; PROTO=${PROTO:-chat}
case $PROTO in chat) P=openai M=gpt-4o U=$BASE_URL/v1;; anthropic) P=anthropic M=claude-sonnet-4-6 U=$BASE_URL/v1;; esac
cat > "$SCR/cfg.yaml" <<X
name: probe
version: 1.0.0
schema: v1
models:
  - name: probe
    provider: $P
    model: $M
    apiBase: $U
    apiKey: $API_KEY
    roles: [chat]
    capabilities: [tool_use]
X
client CONTINUE_TELEMETRY_ENABLED=0 "$NODE_BIN" "$INST/continue/node_modules/.bin/cn" -p --auto --config "$SCR/cfg.yaml" "$PROMPT"
finish
