"""Takes steps out of a script for as long as it still shows a difference."""


def shrink(steps, differ):
    """The fewest steps found that still differ, none of which can be left out.

    `differ` takes a list of scripts, runs them together, and says of each whether it differs.
    """
    size = max(len(steps) // 2, 1)
    while steps:
        candidates = [steps[:at] + steps[at + size:] for at in range(0, len(steps), size)]
        shorter = next((candidate for candidate, is_different in zip(candidates, differ(candidates))
                        if is_different), None)
        if shorter is not None:
            steps = shorter
            size = min(size, max(len(steps) // 2, 1))
        elif size == 1:
            break
        else:
            size //= 2
    return steps
