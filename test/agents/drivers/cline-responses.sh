#!/bin/bash
PROTO=responses exec "$(dirname "$0")/cline.sh" "$@"
