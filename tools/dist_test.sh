#!/usr/bin/env bash
# bash tools/dist_test.sh CONFIG CHECKPOINT PROCESSES [test.py's arguments]: one machine, one process per GPU (or per CPU share).
# Several machines: NNODES, NODE_RANK, MASTER_ADDR and PORT as for torchrun (PORT 29500). One machine takes a free port.
set -euo pipefail
if [ $# -lt 3 ]; then
    echo "usage: $0 CONFIG CHECKPOINT PROCESSES [arguments of tools/test.py]" >&2
    exit 2
fi
CONFIG=$1
CHECKPOINT=$2
PROCESSES=$3
shift 3
exec "${PYTHON:-python}" -m cmvl_mm.engine.elastic \
    --nnodes="${NNODES:-1}" \
    --node_rank="${NODE_RANK:-0}" \
    --master_addr="${MASTER_ADDR:-127.0.0.1}" \
    ${PORT:+--master_port="$PORT"} \
    --nproc_per_node="$PROCESSES" \
    "$(dirname "$0")/test.py" "$CONFIG" "$CHECKPOINT" --launcher pytorch "$@"
