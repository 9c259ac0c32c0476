#!/usr/bin/env bash
# Ray: after ray.shutdown() the program's print() and breakpoint() are still Ray's, once a worker has died.
#
# One would guess: ray.shutdown() gives the process back as it was; a program that used Ray for one step has its own
#                  print and debugger afterwards.
# What happens:    ray.init sets PYTHONBREAKPOINT, which shutdown leaves. The first message that Ray prints for the driver,
#                  such as that of a dead worker, puts a function of ray.experimental.tqdm_ray in the place of
#                  builtins.print for good, also with log_to_driver=False and where nothing uses tqdm. Code that is imported
#                  later, tests that compare print, and patches of print made before are affected. Without a death print
#                  stays. RAY_TQDM_PATCH_PRINT=0 keeps print.
# Versions:        ray 2.60.0, Python 3.11
# Output seen:
#   nobody died: print is builtins.print, PYTHONBREAKPOINT ray.util.rpdb._driver_set_trace
#   a worker died: print is ray.experimental.tqdm_ray.safe_print, PYTHONBREAKPOINT ray.util.rpdb._driver_set_trace
#   a worker died, RAY_TQDM_PATCH_PRINT=0: print is builtins.print, PYTHONBREAKPOINT ray.util.rpdb._driver_set_trace
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check ray==2.60.0
cat > look.py <<'EOF'
import builtins
import os
import sys
import time

import ray

title, dies = sys.argv[1], sys.argv[2] == 'dies'
ray.init('local', num_cpus=1, include_dashboard=False, log_to_driver=False, logging_level='error')


@ray.remote(num_cpus=1)
class Actor:
    def work(self, dies):
        if dies:
            os._exit(1)


try:
    ray.get(Actor.remote().work.remote(dies))
except ray.exceptions.RayActorError:
    time.sleep(5)  # the message may come after the exception
ray.shutdown()
found = f'{builtins.print.__module__}.{builtins.print.__name__}'
hook = os.environ.get('PYTHONBREAKPOINT')
sys.stderr.write(f'{title}: print is {found}, PYTHONBREAKPOINT {hook}\n')
EOF
export RAY_USAGE_STATS_ENABLED=0
unset PYTHONBREAKPOINT
seen() {
    venv/bin/python look.py "$1" "$2" 2>&1 > /dev/null | grep '^[^(]*: print is'
}
{
    seen 'nobody died' lives
    seen 'a worker died' dies
    RAY_TQDM_PATCH_PRINT=0 seen 'a worker died, RAY_TQDM_PATCH_PRINT=0' dies
} | tee seen.txt
hook='PYTHONBREAKPOINT ray.util.rpdb._driver_set_trace'
diff seen.txt - <<EOF
nobody died: print is builtins.print, $hook
a worker died: print is ray.experimental.tqdm_ray.safe_print, $hook
a worker died, RAY_TQDM_PATCH_PRINT=0: print is builtins.print, $hook
EOF
