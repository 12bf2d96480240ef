#!/bin/bash
PROTO=gemini exec "$(dirname "$0")/opencode.sh" "$@"
