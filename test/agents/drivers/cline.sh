#!/bin/bash
# Cline's CLI.  PROTO=chat (default) | responses | anthropic | gemini
. "$DRIVERS/lib/common.sh"; PROTO=${PROTO:-chat}
case $PROTO in
  chat) P=openai-compatible M=gpt-4o U=$BASE_URL/v1;;
  responses) P=openai-native M=gpt-5.1-codex U=$BASE_URL/v1;;
  anthropic) P=anthropic M=claude-sonnet-4-6 U=$BASE_URL/v1;;
  gemini) P=gemini M=gemini-2.5-pro U=$BASE_URL;;
esac
mkdir -p "$SCR/home/.cline/data/settings"
cat > "$SCR/home/.cline/data/settings/providers.json" <<X
{"version":1,"lastUsedProvider":"$P","providers":{"$P":{"settings":{"provider":"$P","apiKey":"$API_KEY","model":"$M","baseUrl":"$U"},"updatedAt":"2026-01-01T00:00:00.000Z","tokenSource":"manual"}}}
X
echo '{"telemetrySetting":"disabled"}' > "$SCR/home/.cline/data/settings/global-settings.json"
client IS_TEST=true OTEL_SDK_DISABLED=true CLINE_NO_AUTO_UPDATE=1 "$INST/cline/node_modules/.bin/cline" -P "$P" -m "$M" "$PROMPT"
finish
