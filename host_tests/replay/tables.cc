#include "host_tests/replay/tables.h"

#include "mm/frame/frame.h"

namespace replay {

phys_addr_t Frames::replayed(uint64_t recorded, frame_state state) {
    auto found = to_replayed_.find(recorded);
    if (found != to_replayed_.end()) {
        return phys_addr(found->second);
    }
    phys_addr_t fresh;
    if (frame_alloc(state, ZONE_NORMAL, &fresh) != STATUS_OK) {
        throw BadRecording("the recording owns more memory than the pretend PC has");
    }
    to_replayed_[recorded] = fresh.value;
    to_recorded_[fresh.value] = recorded;
    return fresh;
}

uint64_t Frames::recorded(uint64_t replayed) const {
    uint64_t offset = replayed & (PAGE_SIZE - 1);
    auto found = to_recorded_.find(replayed - offset);
    return found != to_recorded_.end() ? found->second + offset : replayed;
}

void Frames::drop_free() {
    std::erase_if(to_recorded_, [this](const auto &pair) {
        bool is_free = frame_state_of(phys_addr(pair.first)) == FRAME_FREE;
        if (is_free) {
            to_replayed_.erase(pair.second);
        }
        return is_free;
    });
}

void Frames::free_unused_objects() {
    for (const auto &[replayed, recorded] : to_recorded_) {
        const struct frame *frame = frame_of(phys_addr(replayed));
        if (frame->state == FRAME_FILE && frame->map_count == 0) {
            frame_free(phys_addr(replayed));
        }
    }
    drop_free();
}

tlb_gather *Table::gather() NO_CAPABILITY_CHECK {
    if (!gather_) {
        gather_.emplace();
        tlb_gather_begin(&*gather_, &table);
    }
    return &*gather_;
}

void Table::pay() NO_CAPABILITY_CHECK {
    if (gather_) {
        tlb_gather_finish(&*gather_);
        gather_.reset();
    }
}

table_hash hash_of(const page_table &table, const Frames &frames) {
    struct Context {
        table_hash hash;
        const Frames &frames;
    } context = {TABLE_HASH_EMPTY, frames};
    auto add = [](void *argument, virt_addr_t va, const page_query *entry) {
        auto *context = static_cast<Context *>(argument);
        page_query recorded = *entry;
        recorded.pa = phys_addr(context->frames.recorded(entry->pa.value));
        table_hash_add(&context->hash, va, &recorded);
        return true;
    };
    page_table_for_each(&table, page_table_half_range(&table), add, &context);
    return context.hash;
}

} // namespace replay
