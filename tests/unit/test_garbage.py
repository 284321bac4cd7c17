"""What is loaded when the service settles costs the collector nothing more."""

import gc

from alerts.garbage import settle


def test_what_is_loaded_is_out_of_the_collectors_rounds_and_garbage_made_later_is_not() -> None:
    loaded = [[n] for n in range(1000)]
    settle()
    try:
        assert gc.get_freeze_count() > len(loaded)
        circle: list[object] = []
        circle.append(circle)
        del circle
        assert gc.collect() >= 1
    finally:
        gc.unfreeze()


def test_a_command_that_ends_soon_takes_everything_as_loaded_without_looking() -> None:
    circle: list[object] = []
    circle.append(circle)
    del circle
    settle(first_look=False)
    try:
        assert gc.get_freeze_count() > 1
        assert gc.collect() == 0
    finally:
        gc.unfreeze()
        assert gc.collect() >= 1, "the circle was not looked for"
