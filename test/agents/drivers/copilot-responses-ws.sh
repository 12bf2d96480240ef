#!/bin/bash
PROTO=responses-ws exec "$(dirname "$0")/copilot.sh" "$@"
