"""Treatment of freed memory, and limits of the search for more of it."""

import ctypes
import gc

# malloc.h of glibc
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8
_LARGEST_MMAP_THRESHOLD = 32 << 20
_KEPT = 64 << 20


def keep_freed_memory() -> None:
    """Keep up to 64 MiB of freed memory for what comes next, instead of giving it back at once.

    A text of a minute makes and drops megabytes of samples. Where each goes back to the kernel,
    the next text pays some ten thousand page faults for fresh ones: a tenth of its time with the
    quickest engine.

    All threads share one heap. By default they get heaps of their own, eight for each core, and
    each keeps what is freed in it; Python's threads hardly ever allocate at the same time anyway.

    See mallopt(3); a C library that has none, as musl, is left as it is.
    """
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(_M_MMAP_THRESHOLD, _LARGEST_MMAP_THRESHOLD)
        library.mallopt(_M_TRIM_THRESHOLD, _KEPT)
        library.mallopt(_M_ARENA_MAX, 1)


def keep_what_is_there() -> None:
    """Have the garbage collector look no more at what there is by now.

    Gradio and what it imports stay for good; to look at all of it takes hundreds of milliseconds,
    in which nobody is answered.
    """
    gc.collect()
    gc.freeze()
