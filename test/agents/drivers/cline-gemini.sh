#!/bin/bash
PROTO=gemini exec "$(dirname "$0")/cline.sh" "$@"
