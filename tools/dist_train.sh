#!/usr/bin/env bash
# bash tools/dist_train.sh CONFIG PROCESSES [train.py's arguments]: one machine, one process per GPU (or per CPU share).
# Several machines: NNODES, NODE_RANK, MASTER_ADDR and PORT as for torchrun (PORT 29500). One machine takes a free port.
# When a machine goes, NNODES=2 waits JOIN_TIMEOUT seconds (default 600) for it to be started again with the same command;
# NNODES=1:2 continues with those that are left, and takes it in when it comes. With --global-batch N steps stay the same.
# When a process dies, all start again from the newest checkpoint of this job, MAX_RESTARTS times at most
# (default 3). Nothing is restarted after SIGTERM or Ctrl-C, nor for an error before the first iteration.
set -euo pipefail
if [ $# -lt 2 ]; then
    echo "usage: $0 CONFIG PROCESSES [arguments of tools/train.py]" >&2
    exit 2
fi
CONFIG=$1
PROCESSES=$2
shift 2
exec "${PYTHON:-python}" -m cmvl_mm.engine.elastic \
    --nnodes="${NNODES:-1}" \
    --node_rank="${NODE_RANK:-0}" \
    --master_addr="${MASTER_ADDR:-127.0.0.1}" \
    ${PORT:+--master_port="$PORT"} \
    --nproc_per_node="$PROCESSES" \
    --max-restarts="${MAX_RESTARTS:-3}" \
    --rdzv-conf="join_timeout=${JOIN_TIMEOUT:-600}" \
    "$(dirname "$0")/train.py" "$CONFIG" --launcher pytorch "$@"
