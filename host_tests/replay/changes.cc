#include "host_tests/replay/changes.h"

#include <functional>

#include "lib/capability.h"

namespace replay {
namespace {

struct Change {
    struct virt_range range;
    phys_addr_t pa;
    unsigned level;
    page_attributes attributes;
    std::vector<phys_addr_t> frames;
    Table *child;   /* of share */
    virt_addr_t to; /* of move */
};

Change parse(const Line &line, const Table &of, Frames &frames) {
    Change change = {};
    if (!virt_range_checked(virt_addr(line.hexadecimal("va")), line.decimal("pages"),
                            of.table.levels, &change.range)) {
        throw BadRecording("line " + std::to_string(line.number()) + ": there is no such range");
    }
    change.pa = phys_addr(line.hexadecimal("pa"));
    change.level = line.decimal("level", 4);
    change.attributes = {static_cast<uint8_t>(line.decimal("rights", UINT8_MAX)),
                         static_cast<cache_policy>(line.decimal("cache", CACHE_UNCACHED)),
                         static_cast<uint8_t>(line.decimal("key", UINT8_MAX))};
    frame_state state = line.has("objects") ? FRAME_FILE : FRAME_ANON;
    for (uint64_t frame : line.addresses("frames")) {
        change.frames.push_back(frames.replayed(frame, state));
    }
    change.to = virt_addr(line.has("to") ? line.hexadecimal("to") : 0);
    return change;
}

void expect_a_frame_for_each_page(const Change &change) {
    if (change.frames.size() != change.range.page_count) {
        throw BadRecording("there is not a frame for each page");
    }
}

status map_frames(Table &of, const Change &change) {
    expect_a_frame_for_each_page(change);
    return page_table_map_frames(&of.table, change.range, change.frames.data(), change.attributes);
}

/* The gather is paid when the recording says so, in another call. */
status remap(Table &of, const Change &change) NO_CAPABILITY_CHECK {
    return page_table_remap(&of.table, change.range, change.pa, change.attributes, change.level,
                            of.gather());
}

status remap_frames(Table &of, const Change &change) NO_CAPABILITY_CHECK {
    expect_a_frame_for_each_page(change);
    return page_table_remap_frames(&of.table, change.range, change.frames.data(), change.attributes,
                                   of.gather());
}

status share(Table &of, const Change &change) NO_CAPABILITY_CHECK {
    if (change.child == nullptr) {
        throw BadRecording("share names no child");
    }
    return page_table_share(&of.table, &change.child->table, change.range, of.gather());
}

status unshare(Table &of, const Change &change) NO_CAPABILITY_CHECK {
    return page_table_unshare(&of.table, change.range, of.gather());
}

status unmap(Table &of, const Change &change) NO_CAPABILITY_CHECK {
    return page_table_unmap(&of.table, change.range, of.gather(), nullptr);
}

status unmap_keeping_frames(Table &of, const Change &change) NO_CAPABILITY_CHECK {
    return page_table_unmap_keeping_frames(&of.table, change.range, of.gather(), nullptr);
}

status unmap_strict(Table &of, const Change &change) NO_CAPABILITY_CHECK {
    return page_table_unmap_strict(&of.table, change.range, of.gather());
}

status protect(Table &of, const Change &change) NO_CAPABILITY_CHECK {
    return page_table_protect(&of.table, change.range, change.attributes, of.gather());
}

status merge(Table &of, const Change &change) NO_CAPABILITY_CHECK {
    page_table_merge(&of.table, change.range, of.gather());
    return STATUS_OK;
}

status move(Table &of, const Change &change) NO_CAPABILITY_CHECK {
    return page_table_move(&of.table, change.range, change.to, of.gather());
}

status map(Table &of, const Change &change) {
    return page_table_map(&of.table, change.range, change.pa, change.attributes, change.level);
}

status reserve(Table &of, const Change &change) {
    return page_table_reserve(&of.table, change.range, change.level);
}

} // namespace

status make_change(const Line &line, Table &of, Table *child, Frames &frames) {
    static const std::map<std::string, std::function<status(Table &, const Change &)>> makers = {
        {"reserve", reserve},
        {"map", map},
        {"map_frames", map_frames},
        {"remap", remap},
        {"remap_frames", remap_frames},
        {"share", share},
        {"unshare", unshare},
        {"move", move},
        {"unmap", unmap},
        {"unmap_keeping_frames", unmap_keeping_frames},
        {"unmap_strict", unmap_strict},
        {"protect", protect},
        {"merge", merge},
    };
    auto maker = makers.find(line.word());
    if (maker == makers.end()) {
        throw BadRecording("line " + std::to_string(line.number()) + ": what is '" + line.word() +
                           "'?");
    }
    Change change = parse(line, of, frames);
    change.child = child;
    return maker->second(of, change);
}

} // namespace replay
