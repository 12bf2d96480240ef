#!/bin/bash
# Cases of an SDK, one line each; ONLY=regex selects some.
. "$DRIVERS/lib/common.sh"; NO_FILE_CHECK=1
client INST="$INST" EXPECT="$EXPECT" ONLY="${ONLY:-}" OPENAI_AGENTS_DISABLE_TRACING=1 "$NODE_BIN" "$LIB/sdk-langchain.mjs" "$BASE_URL" "$API_KEY"
finish
