#!/bin/bash
# Grok CLI: chat completions, answered whole.
. "$DRIVERS/lib/common.sh"
client GROK_API_KEY="$API_KEY" GROK_BASE_URL="$BASE_URL/v1" "$NODE_BIN" "$INST/grok/node_modules/.bin/grok" -m "${MODEL:-gpt-4o}" -p "$PROMPT"
finish
