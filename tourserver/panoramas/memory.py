"""How much memory this process has taken. A leaf: measured processes import it and nothing else of ours."""

import resource


def peak_bytes() -> int:
    """The most memory that this process has had, bytes.

    By the kernel's own mark of this program where it has one: what ``getrusage`` tells includes the program that
    started this one, as it was at that moment.
    """
    try:
        with open("/proc/self/status") as status:
            return 1024 * int(status.read().partition("VmHWM:")[2].split()[0])
    except (OSError, IndexError):
        return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
