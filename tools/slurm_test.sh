#!/usr/bin/env bash
# bash tools/slurm_test.sh PARTITION JOB_NAME CONFIG CHECKPOINT [test.py's arguments]
# GPUS, GPUS_PER_NODE, CPUS_PER_TASK, MASTER_PORT and SRUN_ARGS come from the environment; GPUS_PER_NODE=0 runs on CPUs.
set -euo pipefail
if [ $# -lt 4 ]; then
    echo "usage: [GPUS=8] [GPUS_PER_NODE=8] [CPUS_PER_TASK=8] [SRUN_ARGS=…] $0 PARTITION JOB_NAME CONFIG CHECKPOINT [arguments of tools/test.py]" >&2
    exit 2
fi
PARTITION=$1
JOB_NAME=$2
CONFIG=$3
CHECKPOINT=$4
shift 4
GPUS=${GPUS:-8}
GPUS_PER_NODE=${GPUS_PER_NODE:-8}
CPUS_PER_TASK=${CPUS_PER_TASK:-8}
for NAME in GPUS GPUS_PER_NODE CPUS_PER_TASK; do
    if ! [[ "${!NAME}" =~ ^[0-9]+$ ]]; then
        echo "$NAME=${!NAME} must be a whole number." >&2
        exit 2
    fi
done
read -r -a EXTRA <<< "${SRUN_ARGS:-}"
if [ "$GPUS_PER_NODE" -gt 0 ]; then
    PER_NODE=$((GPUS < GPUS_PER_NODE ? GPUS : GPUS_PER_NODE))
    EXTRA+=(--gres="gpu:$PER_NODE" --ntasks-per-node="$PER_NODE")
fi
# The first host of the job is the rendezvous; only inside the job is its name known. The port follows the job's number,
# so that two jobs that share a host do not meet.
exec srun -p "$PARTITION" --job-name="$JOB_NAME" --ntasks="$GPUS" --cpus-per-task="$CPUS_PER_TASK" \
    --kill-on-bad-exit=1 ${EXTRA[@]+"${EXTRA[@]}"} \
    bash -c 'export MASTER_ADDR=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1) MASTER_PORT=${MASTER_PORT:-$((20000 + SLURM_JOB_ID % 20000))}; exec "$@"' launch \
    "${PYTHON:-python}" -u "$(dirname "$0")/test.py" "$CONFIG" "$CHECKPOINT" --launcher slurm "$@"
