#!/bin/bash
# opencode.  PROTO=chat (default) | responses | anthropic | gemini
. "$DRIVERS/lib/common.sh"; PROTO=${PROTO:-chat}; V=v1
case $PROTO in
  chat) NPM=@ai-sdk/openai-compatible M=gpt-4o;;
  responses) NPM=@ai-sdk/openai M=gpt-5.1-codex;;
  anthropic) NPM=@ai-sdk/anthropic M=claude-sonnet-4-6;;
  gemini) NPM=@ai-sdk/google M=gemini-2.5-pro V=v1beta;;
esac
cat > "$SCR/opencode.json" <<X
{"\$schema":"https://opencode.ai/config.json","autoupdate":false,"share":"disabled","permission":{"bash":"allow","edit":"allow"},
"provider":{"probe":{"npm":"$NPM","name":"Probe","options":{"baseURL":"$BASE_URL/$V","apiKey":"$API_KEY"},"models":{"$M":{"name":"$M"}}}},"model":"probe/$M","small_model":"probe/$M"}
X
client OPENCODE_CONFIG="$SCR/opencode.json" OPENCODE_DISABLE_AUTOUPDATE=1 OPENCODE_DISABLE_MODELS_FETCH=1 OPENCODE_DISABLE_LSP_DOWNLOAD=1 OPENCODE_DISABLE_SHARE=1 npm_config_registry=http://127.0.0.1:9/ \
  "$INST/opencode/node_modules/.bin/opencode" run --model "probe/$M" "$PROMPT"
finish
