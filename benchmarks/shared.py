"""What several benchmarks share: packages that must be there, clocks, and processes of their own."""

import json
import subprocess
import sys
import time

from lamp_dataset.lazy import check_installed


def require(module, extra):
    """End with a line if the module of an extra is not installed."""
    try:
        check_installed(module, extra)
    except ImportError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


def timed(call, clock=time.perf_counter):
    """Seconds, and what the call gives."""
    start = clock()
    result = call()
    return clock() - start, result


#: On Linux. Memory is the peak of the process (ru_maxrss would be inherited); anonymous is the part that no file backs,
#: looked at every hundredth of a second; written is what it handed to write calls.
CLOCK = """
import json as _json, threading as _threading, time as _time
_anonymous = 0
def _look():
    global _anonymous
    while True:
        now = int(open("/proc/self/status").read().split("RssAnon:")[1].split()[0]) / 1024
        _anonymous = max(_anonymous, now)
        _time.sleep(0.01)
def start():
    global _begin, _cpu
    _threading.Thread(target=_look, daemon=True).start()
    _begin, _cpu = _time.perf_counter(), _time.process_time()
def stop(value):
    seconds, cpu = _time.perf_counter() - _begin, _time.process_time() - _cpu
    peak = int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) / 1024
    written = int(open("/proc/self/io").read().split("wchar: ")[1].split()[0]) / 1e6
    print(_json.dumps(dict(value=value, seconds=seconds, cpu=cpu, peak=peak, anonymous=_anonymous, written=written)))
"""


def in_a_process(code, *arguments, environment=None):
    """What ``code`` gives to ``stop``, with seconds since its ``start`` and MB of memory; RuntimeError if it fails."""
    command = [sys.executable, "-c", CLOCK + code, *map(str, arguments)]
    result = subprocess.run(command, env=environment, capture_output=True, text=True)
    if result.returncode:
        raise RuntimeError(result.stderr)
    return json.loads(result.stdout.splitlines()[-1])
