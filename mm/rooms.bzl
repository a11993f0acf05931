"""Every room of mm/, for what goes through all of them; a lint test knows if one is missing."""

ROOMS = [
    "addr",
    "audit",
    "frame",
    "heap",
    "lock",
    "object",
    "paging",
    "space",
]

ROOM_SOURCES = ["//mm/%s:sources" % room for room in ROOMS]
