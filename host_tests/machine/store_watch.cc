#include "host_tests/machine/store_watch.h"

#include <sys/mman.h>

namespace machine {
namespace {

constexpr uint64_t HOST_PAGE_SIZE = 4096;
constexpr uint64_t WORD_COUNT = HOST_PAGE_SIZE / sizeof(uint64_t);
constexpr uint8_t LOCK_PREFIX = 0xf0;

bool is_prefix(uint8_t byte) {
    for (uint8_t prefix : {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3}) {
        if (byte == prefix) {
            return true;
        }
    }
    return (byte & 0xf0) == 0x40; /* REX */
}

} // namespace

bool drains_stores(const uint8_t *at) {
    for (; is_prefix(*at); at++) {
        if (*at == LOCK_PREFIX) {
            return true;
        }
    }
    bool is_exchange = at[0] == 0x86 || at[0] == 0x87;
    bool is_with_memory = at[1] >> 6 != 3;
    bool is_mfence = at[0] == 0x0f && at[1] == 0xae && at[2] == 0xf0;
    bool is_cpuid = at[0] == 0x0f && at[1] == 0xa2;
    return (is_exchange && is_with_memory) || is_mfence || is_cpuid;
}

StoreWatch::StoreWatch(Ram &ram, unsigned cpu) : ram_(ram), cpu_(cpu) {
    protect_all(PROT_READ);
}

StoreWatch::~StoreWatch() {
    protect_all(PROT_READ | PROT_WRITE);
    ram_.stores.drain(cpu_);
}

void StoreWatch::protect_all(int protection) {
    for (const Region &region : ram_.regions()) {
        mprotect(ram_.at(region.base), region.size_bytes, protection);
    }
    is_all_open_ = (protection & PROT_WRITE) != 0;
}

void StoreWatch::resume() {
    is_paused_ = false;
    if (is_all_open_) {
        protect_all(PROT_READ);
    }
}

bool StoreWatch::open(void *address) {
    auto pa = ram_.address_of(address);
    if (pa && is_paused_) {
        protect_all(PROT_READ | PROT_WRITE);
    } else if (pa) {
        open_page(*pa & ~(HOST_PAGE_SIZE - 1));
    }
    return pa.has_value();
}

void StoreWatch::open_page(uint64_t pa) {
    OpenPage page = {pa, std::vector<uint64_t>(WORD_COUNT)};
    for (uint64_t i = 0; i < WORD_COUNT; i++) {
        page.before[i] = ram_.load(pa + 8 * i);
    }
    mprotect(ram_.at(pa), HOST_PAGE_SIZE, PROT_READ | PROT_WRITE);
    open_pages_.push_back(std::move(page));
}

void StoreWatch::hold_changes(const OpenPage &page) {
    for (uint64_t i = 0; i < WORD_COUNT; i++) {
        uint64_t pa = page.pa + 8 * i;
        if (ram_.load(pa) != page.before[i]) {
            ram_.stores.hold(cpu_, pa, page.before[i]);
        }
    }
    mprotect(ram_.at(page.pa), HOST_PAGE_SIZE, PROT_READ);
}

void StoreWatch::after_instruction(const uint8_t *next) {
    for (const OpenPage &page : open_pages_) {
        hold_changes(page);
    }
    open_pages_.clear();
    if (is_draining_) {
        ram_.stores.drain(cpu_);
    }
    is_draining_ = drains_stores(next);
}

} // namespace machine
