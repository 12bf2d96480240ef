#!/bin/bash
PROTO=openai-responses exec "$(dirname "$0")/qwen.sh" "$@"
