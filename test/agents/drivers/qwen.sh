#!/bin/bash
# Qwen Code.  PROTO=openai (default) | openai-responses | anthropic | gemini
. "$DRIVERS/lib/common.sh"; PROTO=${PROTO:-openai}
case $PROTO in
  openai) E=(OPENAI_API_KEY="$API_KEY" OPENAI_BASE_URL="$BASE_URL/v1" OPENAI_MODEL=qwen3-coder-plus);;
  openai-responses) E=(OPENAI_API_KEY="$API_KEY" OPENAI_BASE_URL="$BASE_URL/v1" OPENAI_MODEL=gpt-5.1-codex);;
  anthropic) E=(ANTHROPIC_API_KEY="$API_KEY" ANTHROPIC_BASE_URL="$BASE_URL" ANTHROPIC_MODEL=claude-sonnet-4-6);;
  gemini) E=(GEMINI_API_KEY="$API_KEY" GOOGLE_GEMINI_BASE_URL="$BASE_URL" GEMINI_MODEL=gemini-2.5-pro);;
esac
client "${E[@]}" "$NODE_BIN" "$INST/qwen-code/node_modules/.bin/qwen" --auth-type "$PROTO" --yolo -p "$PROMPT"
finish
