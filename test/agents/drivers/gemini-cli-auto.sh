#!/bin/bash
# Gemini CLI that lets a small model choose: a classifier with a schema is asked first.
MODEL=auto exec "$DRIVERS/gemini-cli.sh" "$@"
