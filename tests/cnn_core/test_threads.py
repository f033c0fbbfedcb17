"""Threads share tasks, hand on errors, and keep BLAS to one thread whoever asks for it."""

import threading

import pytest
import threadpoolctl

from cnn_core.threads import Threads, available_cores, single_threaded_blas


def blas_threads():
    return {i["num_threads"] for i in threadpoolctl.threadpool_info() if i["user_api"] == "blas"}


def in_a_thread(function):
    """Return what function() returns in a thread of its own."""
    results = []
    thread = threading.Thread(target=lambda: results.append(function()))
    thread.start()
    thread.join()
    return results[0]


def blas_threads_inside():
    with single_threaded_blas():
        return blas_threads()


@pytest.mark.parametrize("count", [1, 2, 3, 5])
@pytest.mark.parametrize("tasks", [0, 1, 2, 17])
def test_every_task_is_run_once_by_a_known_worker(count, tasks):
    threads, done = Threads(count), []
    threads.each(tasks, lambda task, worker: done.append((task, worker)))
    threads.close()
    assert sorted(task for task, _ in done) == list(range(tasks))
    assert all(0 <= worker < count for _, worker in done)


@pytest.mark.parametrize("count", [1, 3])
def test_the_first_error_is_raised_after_all_have_stopped(count):
    threads, running = Threads(count), []

    def run(task, worker):
        running.append(task)
        try:
            if task == 3:
                raise KeyError("three")
        finally:
            running.remove(task)

    with pytest.raises(KeyError, match="three"):
        threads.each(10, run)
    assert running == []
    threads.each(4, lambda task, worker: None)  # and they go on working
    threads.close()


def test_threads_end_on_close_and_closing_twice_is_fine():
    before = set(threading.enumerate())
    threads = Threads(3)
    threads.each(8, lambda task, worker: None)
    threads.close()
    threads.close()
    assert set(threading.enumerate()) == before


def test_as_many_threads_as_cores_where_none_are_asked_for():
    assert Threads().count == available_cores() >= 1


def test_blas_has_one_thread_inside_and_its_own_number_again_afterwards():
    before = blas_threads()
    with single_threaded_blas():
        assert blas_threads() == {1}
        with single_threaded_blas():
            pass
        assert blas_threads() == {1}
    assert blas_threads() == before


def test_blas_has_its_own_number_again_after_an_error():
    before = blas_threads()
    with pytest.raises(KeyError, match="inside"), single_threaded_blas():
        raise KeyError("inside")
    assert blas_threads() == before


def test_blas_has_one_thread_though_another_thread_has_set_a_limit_of_its_own():
    limited, end = threading.Event(), threading.Event()

    def other():
        with threadpoolctl.threadpool_limits(3, user_api="blas"):
            limited.set()
            end.wait()

    thread = threading.Thread(target=other)
    thread.start()
    limited.wait()
    found = blas_threads_inside()
    end.set()
    thread.join()
    assert found == {1}


def test_other_threads_may_set_limits_of_their_own_afterwards():
    def limited():
        with threadpoolctl.threadpool_limits(3, user_api="blas"):
            return blas_threads()

    assert blas_threads_inside() == {1}
    assert in_a_thread(limited) == {3}


def test_blas_has_one_thread_in_whatever_thread_it_is_asked_for():
    for _ in range(2):
        assert blas_threads_inside() == {1}
        assert in_a_thread(blas_threads_inside) == {1}
        with single_threaded_blas():
            assert in_a_thread(blas_threads_inside) == {1}
            assert blas_threads() == {1}


def test_blas_keeps_one_thread_until_the_last_of_overlapping_users_is_done():
    first_in, first_out = threading.Event(), threading.Event()

    def first():
        with single_threaded_blas():
            first_in.set()
            first_out.wait()

    thread = threading.Thread(target=first)
    thread.start()
    first_in.wait()
    with single_threaded_blas():
        first_out.set()
        thread.join()
        assert blas_threads() == {1}
    assert blas_threads_inside() == in_a_thread(blas_threads_inside) == {1}


def test_blas_has_its_own_number_again_though_another_thread_was_first_in_and_lives_on():
    before, first_in, may_leave, left, end = blas_threads(), *(threading.Event() for _ in range(4))

    def first():
        with single_threaded_blas():
            first_in.set()
            may_leave.wait()
        left.set()
        end.wait()

    thread = threading.Thread(target=first)
    thread.start()
    first_in.wait()
    with single_threaded_blas():
        may_leave.set()
        left.wait()
    found = blas_threads()
    end.set()
    thread.join()
    assert found == before
