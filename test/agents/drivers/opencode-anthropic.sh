#!/bin/bash
PROTO=anthropic exec "$(dirname "$0")/opencode.sh" "$@"
