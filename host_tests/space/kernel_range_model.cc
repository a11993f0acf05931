#include "host_tests/space/kernel_range_model.h"

#include <algorithm>

#include "mm/heap/heap.h"
#include "mm/space/kernel_space.h"

namespace {

constexpr uint64_t DEVICE = 0xfd000000; /* where there is no RAM */
constexpr uint64_t REGION_PAGES = (KERNEL_RANGES_END - KERNEL_RANGES_BASE) / PAGE_SIZE;
constexpr size_t RANGES_MAX = 24;
constexpr uint64_t FREE_FRAMES_MIN = 200; /* so that only a drought is one */
constexpr cache_policy POLICIES[] = {CACHE_WRITE_BACK, CACHE_WRITE_THROUGH, CACHE_WRITE_COMBINING,
                                     CACHE_UNCACHED};

struct virt_range unchecked(uint64_t va, uint64_t page_count) {
    struct virt_range range = {virt_addr(va), page_count};
    return range;
}

} // namespace

machine::Config KernelRangeModel::config() const {
    machine::Config config;
    config.ram = {{0, 0x9f000}, {0x100000, 0x700000}};
    return config;
}

void KernelRangeModel::TearDown() {
    for (const auto &[start, range] : ranges_) {
        EXPECT_EQ(kernel_range_free(virt_addr(start)), STATUS_OK);
    }
    SpaceTest::TearDown();
}

/* The model. */

/* What a range with guards gets: the lowest place, its guards included. 0 where there is none. */
uint64_t KernelRangeModel::lowest_gap(uint64_t page_count, uint64_t alignment) const {
    uint64_t free_from = KERNEL_RANGES_BASE;
    for (auto next = ranges_.begin();; ++next) {
        uint64_t free_to = next == ranges_.end() ? KERNEL_RANGES_END : claim_of(next);
        uint64_t start = align_up(free_from + PAGE_SIZE, alignment);
        uint64_t room = start < free_to ? (free_to - start) / PAGE_SIZE : 0;
        if (room > 0 && page_count <= room - 1) {
            return start;
        }
        if (next == ranges_.end()) {
            return 0;
        }
        free_from = claim_of(next) + next->second.claimed_pages() * PAGE_SIZE;
    }
}

bool KernelRangeModel::is_claimed(uint64_t va, uint64_t page_count) const {
    return std::ranges::any_of(ranges_, [&](const auto &entry) {
        const auto &[start, range] = entry;
        uint64_t first = start - (range.has_guards ? PAGE_SIZE : 0);
        return va < first + range.claimed_pages() * PAGE_SIZE &&
               first < va + page_count * PAGE_SIZE;
    });
}

KernelRangeModel::Ranges::iterator KernelRangeModel::pick_range() {
    return std::next(ranges_.begin(), static_cast<long>(choices.below(ranges_.size())));
}

/* The one that holds all of the pages, and is no device's. */
KernelRangeModel::Ranges::iterator KernelRangeModel::range_around(uint64_t va,
                                                                  uint64_t page_count) {
    return std::ranges::find_if(ranges_, [&](const auto &entry) {
        const auto &[start, range] = entry;
        return !range.is_device && va >= start &&
               va + page_count * PAGE_SIZE <= start + range.page_count * PAGE_SIZE;
    });
}

/* The operations. */

/* Now and then without memory; then nothing but the kernel's empty tables may have changed. */
bool KernelRangeModel::succeeds(status expected, const std::function<status()> &operation) {
    if (!choices.one_in(64)) {
        status result = operation();
        EXPECT_EQ(result, expected);
        return result == STATUS_OK;
    }
    heap_drain();
    FrameDrought drought(choices.below(4));
    State before = state(kernel_space());
    status result = operation();
    if (result == STATUS_NO_MEMORY) {
        EXPECT_TRUE(state(kernel_space()) == before) << "changed, though there was no memory";
        return false;
    }
    EXPECT_EQ(result, expected);
    return result == STATUS_OK;
}

void KernelRangeModel::reserve() {
    uint64_t page_count = 1 + (choices.one_in(4) ? choices.below(REGION_PAGES) : choices.below(16));
    uint64_t alignment = PAGE_SIZE << choices.below(choices.one_in(4) ? 40 : 10);
    uint64_t expected = lowest_gap(page_count, alignment);
    struct virt_range range = {};
    if (succeeds(expected == 0 ? STATUS_NO_MEMORY : STATUS_OK,
                 [&] { return kernel_range_reserve(page_count, alignment, "model", &range); })) {
        ASSERT_EQ(range.start.value, expected);
        ASSERT_EQ(range.page_count, page_count);
        ranges_[expected] = {.page_count = page_count, .has_guards = true};
    }
}

void KernelRangeModel::reserve_at() {
    uint64_t edge = choices.one_in(4) ? KERNEL_RANGES_END - 16 * PAGE_SIZE : KERNEL_RANGES_BASE;
    uint64_t va = edge + choices.below(64) * PAGE_SIZE;
    uint64_t page_count = choices.below(12);
    va += choices.one_in(16) ? choices.below(PAGE_SIZE) : 0;
    bool is_valid = page_count > 0 && va % PAGE_SIZE == 0 && va < KERNEL_RANGES_END &&
                    page_count <= (KERNEL_RANGES_END - va) / PAGE_SIZE;
    status expected = STATUS_INVALID;
    if (is_valid) {
        expected = is_claimed(va, page_count) ? STATUS_EXISTS : STATUS_OK;
    }
    if (succeeds(expected,
                 [&] { return kernel_range_reserve_at(unchecked(va, page_count), "model at"); })) {
        ranges_[va] = {.page_count = page_count};
    }
}

void KernelRangeModel::fill() {
    static constexpr uint8_t all[] = {RIGHT_READ, RIGHT_READ | RIGHT_WRITE, RIGHT_NONE,
                                      RIGHT_READ | RIGHT_EXECUTE,
                                      RIGHT_READ | RIGHT_WRITE | RIGHT_USER};
    uint64_t around = pick_range()->first;
    uint64_t va = around + choices.below(16) * PAGE_SIZE - choices.below(2) * PAGE_SIZE;
    uint64_t page_count = 1 + choices.below(8);
    uint8_t rights = choices.one_in(3) ? choices.of(all) : uint8_t{RIGHT_READ | RIGHT_WRITE};
    auto found = range_around(va, page_count);
    status expected = found == ranges_.end() ? STATUS_NOT_FOUND : STATUS_OK;
    uint64_t first = found == ranges_.end() ? 0 : (va - found->first) / PAGE_SIZE;
    if (found != ranges_.end()) {
        auto filled = found->second.filled.lower_bound(first);
        bool is_filled = filled != found->second.filled.end() && *filled < first + page_count;
        bool has_other_rights = !found->second.filled.empty() &&
                                found->second.is_writable != ((rights & RIGHT_WRITE) != 0);
        if (has_other_rights) {
            idle_steps++; /* the model knows one kind of rights for a range */
            return;
        }
        expected = is_filled ? STATUS_EXISTS : STATUS_OK;
    }
    if ((rights & ~RIGHT_WRITE) != RIGHT_READ || va < KERNEL_RANGES_BASE) {
        expected = va < KERNEL_RANGES_BASE && (rights & ~RIGHT_WRITE) == RIGHT_READ
                       ? STATUS_NOT_FOUND
                       : STATUS_INVALID;
    } else if (free_frames() < FREE_FRAMES_MIN) {
        idle_steps++;
        return;
    }
    page_attributes attributes = {rights, CACHE_WRITE_BACK, 0};
    if (succeeds(expected,
                 [&] { return kernel_range_fill(unchecked(va, page_count), attributes); })) {
        for (uint64_t page = first; page < first + page_count; page++) {
            found->second.filled.insert(page);
            found->second.values[page] = 0;
        }
        found->second.is_writable = (rights & RIGHT_WRITE) != 0;
    }
}

void KernelRangeModel::alloc() {
    uint64_t page_count = 1 + choices.below(16);
    if (free_frames() < FREE_FRAMES_MIN) {
        idle_steps++;
        return;
    }
    uint64_t expected = lowest_gap(page_count, PAGE_SIZE);
    struct virt_range range = {};
    if (succeeds(expected == 0 ? STATUS_NO_MEMORY : STATUS_OK,
                 [&] { return kernel_range_alloc(page_count, "model", &range); })) {
        ASSERT_EQ(range.start.value, expected);
        Range made = {.page_count = page_count, .has_guards = true, .is_writable = true};
        for (uint64_t page = 0; page < page_count; page++) {
            made.filled.insert(page);
            made.values[page] = 0;
        }
        ranges_[expected] = made;
    }
}

void KernelRangeModel::map_device() {
    uint64_t memory_end = uint64_t{1} << platform_features()->phys_addr_bits;
    uint64_t wild = choices.below(16);
    uint64_t pa = wild == 0 ? memory_end - choices.below(4 * PAGE_SIZE)
                            : DEVICE + choices.below(16 * PAGE_SIZE);
    uint64_t size_bytes = wild == 1 ? UINT64_MAX - choices.below(DEVICE) : choices.below(40000);
    cache_policy cache = choices.of(POLICIES);
    if (wild == 2) {
        pa = KERNEL_PA + 32 * PAGE_SIZE + choices.below(4 * PAGE_SIZE); /* the kernel's data */
    }
    uint64_t first = align_down(pa, PAGE_SIZE);
    status expected = STATUS_OK;
    uint64_t last = pa + size_bytes - 1;
    if (size_bytes == 0 || last < pa || (wild == 2 && cache != CACHE_WRITE_BACK)) {
        expected = STATUS_INVALID;
    } else if (wild == 1) {
        idle_steps++; /* more than the region: which of two errors comes first is not promised */
        return;
    } else if (last >= memory_end) {
        expected = STATUS_OUT_OF_RANGE;
    }
    uint64_t page_count = (last - first) / PAGE_SIZE + 1;
    uint64_t va = expected == STATUS_OK ? lowest_gap(page_count, PAGE_SIZE) : 0;
    expected = expected == STATUS_OK && va == 0 ? STATUS_NO_MEMORY : expected;
    void *address = nullptr;
    if (succeeds(expected, [&] {
            return kernel_range_map_device(phys_addr(pa), size_bytes, cache, "device", &address);
        })) {
        ASSERT_EQ(reinterpret_cast<uint64_t>(address), va + pa - first);
        ranges_[va] = {.page_count = page_count,
                       .has_guards = true,
                       .is_writable = true,
                       .is_device = true,
                       .pa = first,
                       .cache = cache};
    }
}

/* A reservation in which nothing was mapped by anybody else cannot be taken over. */
void KernelRangeModel::adopt() {
    auto [start, range] = *pick_range();
    ASSERT_EQ(kernel_range_adopt(unchecked(start, range.page_count), RIGHT_READ | RIGHT_WRITE),
              STATUS_NOT_FOUND);
}

void KernelRangeModel::free_range() {
    auto chosen = pick_range();
    bool is_device = chosen->second.is_device;
    uint64_t somewhere = chosen->first + choices.below(PAGE_SIZE);
    if (is_device && choices.one_in(2)) {
        ASSERT_EQ(kernel_range_unmap_device(reinterpret_cast<void *>(somewhere)), STATUS_OK);
    } else {
        ASSERT_EQ(kernel_range_free(virt_addr(chosen->first)), STATUS_OK);
    }
    ranges_.erase(chosen);
}

void KernelRangeModel::free_what_is_none() {
    uint64_t va = KERNEL_RANGES_BASE + choices.below(128) * PAGE_SIZE;
    if (choices.one_in(8)) {
        va = choices.below(UINT64_MAX);
    }
    if (ranges_.contains(va)) {
        idle_steps++;
        return;
    }
    ASSERT_EQ(kernel_range_free(virt_addr(va)), STATUS_NOT_FOUND);
}

void KernelRangeModel::write() {
    auto &[start, range] = *pick_range();
    uint64_t page = choices.below(std::min<uint64_t>(range.page_count, 16));
    uint64_t value = choices.below(UINT64_MAX);
    bool is_filled = range.filled.contains(page);
    bool is_writable = range.is_writable && (range.is_device || is_filled);
    unsigned id = static_cast<unsigned>(choices.below(2));
    machine::Outcome outcome = cpu(id).write(start + page * PAGE_SIZE, value);
    ASSERT_EQ(outcome.succeeded(), is_writable);
    if (is_filled && is_writable) {
        range.values[page] = value;
    }
}

void KernelRangeModel::step() {
    uint64_t kind = choices.below(16);
    if (ranges_.size() >= RANGES_MAX) {
        return free_range();
    }
    if (kind >= 6 && ranges_.empty()) {
        return alloc();
    }
    switch (kind) {
    case 0:
    case 1:
        return reserve();
    case 2:
        return reserve_at();
    case 3:
        return alloc();
    case 4:
        return map_device();
    case 5:
        return free_what_is_none();
    case 6:
    case 7:
    case 8:
    case 9:
        return fill();
    case 10:
        return adopt();
    case 11:
    case 12:
        return free_range();
    default:
        return write();
    }
}

/* Everything against the model. */

void KernelRangeModel::check_page(uint64_t va, const Range *range, uint64_t page) {
    unsigned id = static_cast<unsigned>(choices.below(2));
    bool is_filled = range != nullptr && range->filled.contains(page);
    bool is_mapped = is_filled || (range != nullptr && range->is_device);
    machine::Outcome read = cpu(id).read(va);
    ASSERT_EQ(read.succeeded(), is_mapped) << std::hex << va;
    ASSERT_FALSE(cpu(id).execute(va).succeeded());
    if (is_filled) {
        ASSERT_EQ(read.value, range->values.at(page)) << std::hex << va;
    } else if (is_mapped) {
        ASSERT_EQ(read.pa, range->pa + page * PAGE_SIZE);
        page_query entry = page_table_query(space_page_table(kernel_space()), virt_addr(va));
        ASSERT_EQ(entry.attributes.cache, range->cache);
        ASSERT_FALSE(entry.is_owned);
    }
}

void KernelRangeModel::check() {
    expect_sound();
    for (const auto &[start, range] : ranges_) {
        for (uint64_t page = 0; page < std::min<uint64_t>(range.page_count, 16); page++) {
            check_page(start + page * PAGE_SIZE, &range, page);
        }
        if (range.has_guards) {
            check_page(start - PAGE_SIZE, nullptr, 0);
            check_page(start + range.page_count * PAGE_SIZE, nullptr, 0);
        }
    }
}
