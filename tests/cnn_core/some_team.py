"""The other processes of an executor, there from the start: in a run they join in after a moment."""


def gather(executor, size=None):
    """Start as many as the executor may have, or so many with this process, and wait for them."""
    executor._team._grow(size or executor._team._count)
    for member in executor._team._members:
        member.wait()
