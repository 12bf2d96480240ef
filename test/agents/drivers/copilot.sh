#!/bin/bash
# GitHub Copilot CLI with a provider of one's own.  PROTO=chat (default) | responses | responses-ws | anthropic
. "$DRIVERS/lib/common.sh"; PROTO=${PROTO:-chat}; T=openai W=completions H=http U=$BASE_URL/v1 M=gpt-4o
case $PROTO in
  responses) W=responses M=gpt-5.1-codex;;
  responses-ws) W=responses M=gpt-5.1-codex H=websockets;;
  anthropic) T=anthropic U=$BASE_URL M=claude-sonnet-4-6;;
esac
client COPILOT_OFFLINE=true COPILOT_PROVIDER_BASE_URL="$U" COPILOT_PROVIDER_TYPE=$T COPILOT_PROVIDER_WIRE_API=$W COPILOT_PROVIDER_TRANSPORT=$H COPILOT_PROVIDER_API_KEY="$API_KEY" COPILOT_MODEL=$M \
  "$NODE_BIN" "$INST/copilot/node_modules/.bin/copilot" --allow-all -p "$PROMPT"
finish
