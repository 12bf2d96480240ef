#!/bin/bash
PROTO=responses exec "$(dirname "$0")/copilot.sh" "$@"
