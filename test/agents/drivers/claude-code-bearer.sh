#!/bin/bash
# Claude Code with a bearer token, a foreign model name and a look at the list of models.
. "$DRIVERS/lib/common.sh"
client ANTHROPIC_BASE_URL="$BASE_URL" ANTHROPIC_AUTH_TOKEN="$API_KEY" CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1 DISABLE_AUTOUPDATER=1 DISABLE_TELEMETRY=1 DISABLE_ERROR_REPORTING=1 CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY=1 \
  "$INST/claude-code/node_modules/@anthropic-ai/claude-code/bin/claude.exe" -p "$PROMPT" --model "${MODEL:-gpt-5.1-codex}" --allowedTools Bash --output-format text
finish
