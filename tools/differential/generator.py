"""Makes random scripts for user/tests/memory_script, always the same ones from the same seed."""

import random

WINDOW_PAGES = 64
_FILE_PAGES = 16
_KINDS = ("private", "private", "private", "shared", "file", "shared_file")
_RIGHTS = ("rw", "rw", "rw", "r", "-", "rwx", "w", "rx")
# man 2 madvise: NORMAL, DONTNEED, REMOVE, DONTFORK, DOFORK, WIPEONFORK, KEEPONFORK, COLD, PAGEOUT,
# POPULATE_READ, POPULATE_WRITE. FREE is not among them: when its pages go is the kernel's choice.
_ADVICE = (0, 4, 4, 4, 9, 10, 11, 18, 19, 20, 21, 22, 23)
_DEEPEST_FORK = 3


class _Script:
    """One script in the making.

    For each page `_areas` has a number of its area, or None. Neighbouring pages of one number are
    surely one area to any kernel, and mremap gets no others: where two areas meet, it is the
    kernel's own choice whether they are one.
    """

    def __init__(self, chance):
        self._chance = chance
        self._areas = [None] * WINDOW_PAGES
        self._forked = []  # the areas of each parent that waits for its child
        # Where most steps happen, so that they meet: around a boundary of tables, or anywhere.
        self._middle = chance.choice((WINDOW_PAGES // 2, chance.randrange(WINDOW_PAGES)))
        self._value = 0

    def _range(self):
        chance = self._chance
        first = chance.randrange(WINDOW_PAGES) if chance.random() < 0.2 else (
            self._middle + chance.randint(-8, 8))
        first = min(max(first, 0), WINDOW_PAGES - 1)
        longest = 32 if chance.random() < 0.1 else 6
        return first, min(chance.randint(1, longest), WINDOW_PAGES - first)

    def _set_areas(self, first, count, is_mapped=True):
        self._value += 100
        for page in range(first, min(first + count, WINDOW_PAGES)):
            self._areas[page] = self._value if is_mapped else None

    def _split_areas(self, first, count):
        self._value += 100
        for page in range(first, min(first + count, WINDOW_PAGES)):
            if self._areas[page] is not None:
                self._areas[page] += self._value

    def _range_in_one_area(self):
        """A range of pages of one area; None where none is found at once."""
        first, count = self._range()
        area = self._areas[first]
        while count > 1 and any(other != area for other in self._areas[first:first + count]):
            count -= 1
        return None if area is None else (first, count)

    def _map(self):
        return self._map_at(*self._range())

    def _map_at(self, first, count):
        how = self._chance.choice(("map", "map", "map", "add", "fill"))
        if how != "add" or not any(self._areas[first:first + count]):
            self._set_areas(first, count)
        return (f"{how} {self._chance.choice(_KINDS)} {first} {count} "
                f"{self._chance.choice(_RIGHTS)} {self._chance.randrange(_FILE_PAGES + 1)}")

    def _unmap(self):
        first, count = self._range()
        self._set_areas(first, count, is_mapped=False)
        return f"unmap {first} {count}"

    def _protect(self):
        first, count = self._range()
        self._split_areas(first, count)
        return f"protect {first} {count} {self._chance.choice(_RIGHTS)}"

    def _resize(self):
        found = self._range_in_one_area()
        if not found:
            return self._look()
        first, count = found
        size = self._chance.randint(1, 8)
        if size < count:
            self._set_areas(first + size, count - size, is_mapped=False)
        else:
            self._split_areas(first + count, size - count)
        return f"resize {first} {count} {size}"

    def _move(self):
        found = self._range_in_one_area()
        if not found:
            return self._look()
        first, count = found
        size = self._chance.choice((count, count, self._chance.randint(1, 8)))
        to = min(self._range()[0], WINDOW_PAGES - size)
        if to + size <= first or first + count <= to:
            self._set_areas(first, count, is_mapped=False)
            self._set_areas(to, size)
        return f"move {first} {count} {size} {to}"

    def _copy(self):
        found = self._range_in_one_area()
        if not found:
            return self._look()
        first, count = found
        to = min(self._range()[0], WINDOW_PAGES - count)
        self._split_areas(first, count)
        if to + count <= first or first + count <= to:
            self._set_areas(to, count)
        return f"copy {first} {count} {to}"

    def _advise(self):
        first, count = self._range()
        self._split_areas(first, count)
        return f"advise {first} {count} {self._chance.choice(_ADVICE)}"

    def _sync(self):
        return "sync {} {}".format(*self._range())

    def _write(self):
        self._value += 100
        return "write {} {} {}".format(*self._range(), self._value)

    def _look(self):
        return "look {} {}".format(*self._range())

    def _brk(self):
        return f"brk {self._chance.randint(0, 20)}"

    def _truncate(self):
        return f"truncate {self._chance.randint(0, 2 * _FILE_PAGES)}"

    def _fork(self):
        if len(self._forked) == _DEEPEST_FORK:
            return self._look()
        self._forked.append(list(self._areas))
        return "fork"

    def _join(self):
        if not self._forked:
            return self._look()
        self._areas = self._forked.pop()
        return "join"

    def steps(self, count):
        """So many steps, then the ends of what was forked, and a look at everything."""
        choices = ((self._map, 4), (self._write, 7), (self._look, 4), (self._unmap, 1),
                   (self._protect, 3), (self._fork, 3), (self._join, 3), (self._advise, 4),
                   (self._move, 2), (self._copy, 1), (self._resize, 1), (self._sync, 1),
                   (self._brk, 1), (self._truncate, 1))
        makers, weights = zip(*choices)
        first, size = max(self._middle - 12, 0), self._chance.randint(16, 30)
        made = [self._map_at(first, size), f"write {first} {size} 1"]
        made += [maker() for maker in self._chance.choices(makers, weights, k=count)]
        made += ["join"] * len(self._forked)
        return tuple(_looking_at_ends(made))


def _looking_at_ends(steps):
    """The steps, with a look at everything wherever a process ends."""
    for step in [*steps, "end"]:
        if step in ("join", "end"):
            yield f"look 0 {WINDOW_PAGES}"
        if step != "end":
            yield step


def make(seed, number):
    """The script of that number, from 0 on: a tuple of steps."""
    chance = random.Random(f"{seed}/{number}")
    return _Script(chance).steps(chance.randint(5, 40))
