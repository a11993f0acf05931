#include "host_tests/paging/page_table_model.h"

#include "host_tests/paging/tables_audit.h"
#include "mm/paging/pte.h"

namespace {

constexpr uint64_t NEAR = 6 * MIB;  /* the edges */
constexpr uint64_t FRAMES_MAX = 64; /* of one operation */

} // namespace

/* So little memory that all of it can be taken now and then. */
machine::Config PageTableModel::config() const {
    machine::Config config = PagingTest::config();
    config.ram = {{0, 0x9f000}, {0x100000, 0xb00000}};
    if (setup().identity) {
        config.ram = {{machine::Ram::IDENTITY_BASE, 12 * MIB}};
    }
    return config;
}

void PageTableModel::SetUp() {
    PagingTest::SetUp();
    current_[0] = &user;
    current_[1] = &user;
}

void PageTableModel::TearDown() {
    compare();
    PagingTest::TearDown();
}

/* Picks. */

uint64_t PageTableModel::pick_edge() {
    return FIRST + (1 + choices.below(2)) * GIB;
}

/* Mostly short, sometimes whole large leaves. */
struct virt_range PageTableModel::pick_range() {
    uint64_t shape = choices.below(16);
    uint64_t start = pick_edge() - NEAR;
    if (shape == 0) {
        uint64_t first = choices.below(4);
        return pages_at(FIRST + first * GIB, (1 + choices.below(4 - first)) * (GIB / PAGE_SIZE));
    }
    if (shape < 5) {
        start += choices.below(2 * NEAR / (2 * MIB)) * 2 * MIB;
        return pages_at(start, 512 * (1 + choices.below(3)));
    }
    start += choices.below(2 * NEAR / PAGE_SIZE) * PAGE_SIZE;
    return pages_at(start, 1 + choices.below(shape < 7 ? 1500 : 40));
}

/* Whole GiB are not cut into pages at once: that says nothing new, and takes long. */
unsigned PageTableModel::pick_level(struct virt_range range) {
    unsigned smallest = range.page_count < GIB / PAGE_SIZE ? 0 : 1;
    return smallest + static_cast<unsigned>(choices.below(3 - smallest));
}

page_attributes PageTableModel::pick_attributes() {
    static constexpr page_attributes all[] = {USER_RW, USER_RO, USER_RX, NO_RIGHTS};
    return choices.of(all);
}

/* The model. */

bool PageTableModel::is_taken(struct virt_range range) {
    auto [first, end] = runs_of(range);
    return first != end;
}

/* Afterwards no run reaches across `va`. */
void PageTableModel::cut_at(uint64_t va) {
    auto next = runs_.lower_bound(va);
    if (next == runs_.begin()) {
        return;
    }
    auto [start, run] = *std::prev(next);
    if (start + run.size_bytes > va) {
        std::prev(next)->second.size_bytes = va - start;
        runs_[va] = {start + run.size_bytes - va, run.pa + (va - start), run.is_frame, run.rights};
    }
}

std::pair<PageTableModel::Runs::iterator, PageTableModel::Runs::iterator>
PageTableModel::runs_of(struct virt_range range) {
    cut_at(range.start.value);
    cut_at(virt_range_last(range).value + 1);
    return {runs_.lower_bound(range.start.value), runs_.upper_bound(virt_range_last(range).value)};
}

uint64_t PageTableModel::erase(struct virt_range range) {
    auto [first, end] = runs_of(range);
    uint64_t size_bytes = 0;
    for (auto run = first; run != end; ++run) {
        size_bytes += run->second.size_bytes;
    }
    runs_.erase(first, end);
    written_.erase(written_.lower_bound(range.start.value),
                   written_.upper_bound(virt_range_last(range).value));
    return size_bytes / PAGE_SIZE;
}

void PageTableModel::set(struct virt_range range, uint64_t pa, uint8_t rights) {
    erase(range);
    runs_[range.start.value] = {virt_range_size_bytes(range), pa, false, rights};
}

const PageTableModel::Run *PageTableModel::find(uint64_t va, uint64_t *offset) const {
    auto next = runs_.upper_bound(va);
    if (next == runs_.begin()) {
        return nullptr;
    }
    const auto &[start, run] = *std::prev(next);
    *offset = va - start;
    return *offset < run.size_bytes ? &run : nullptr;
}

std::vector<phys_addr_t> PageTableModel::frames_of(struct virt_range range) {
    std::vector<phys_addr_t> frames;
    auto [first, end] = runs_of(range);
    for (auto run = first; run != end; ++run) {
        if (run->second.is_frame) {
            frames.push_back(phys_addr(run->second.pa));
        }
    }
    return frames;
}

/* Every entry, without the accessed flags, which a CPU that speculates sets at any moment. */
std::vector<uint64_t> PageTableModel::tables_now() const {
    std::vector<uint64_t> entries = snapshot(user);
    for (uint64_t &entry : entries) {
        entry &= ~((entry & PTE_PRESENT) != 0 ? PTE_ACCESSED : 0);
    }
    return entries;
}

/* The operations. */

bool PageTableModel::succeeds(status expected, const std::function<status()> &operation) {
    status result = STATUS_NO_MEMORY;
    if (choices.one_in(64)) {
        std::vector<uint64_t> before = tables_now();
        unsigned requests = pc().flush_counts().requests;
        FrameDrought drought(choices.below(4));
        result = operation();
        if (result == STATUS_NO_MEMORY) {
            EXPECT_EQ(pc().flush_counts().requests, requests);
            EXPECT_TRUE(tables_now() == before) << "changed, though there was no memory";
            return false;
        }
    } else {
        result = operation();
    }
    EXPECT_EQ(result, expected);
    return result == STATUS_OK;
}

void PageTableModel::map_device() {
    struct virt_range range = pick_range();
    uint64_t offset = range.start.value - FIRST;
    bool is_aligned = choices.one_in(2) || range.page_count > GIB / PAGE_SIZE / 2;
    uint64_t pa = DEVICE + (is_aligned ? offset : choices.below(64) * PAGE_SIZE);
    page_attributes attributes = pick_attributes();
    unsigned largest_level = pick_level(range);
    if (succeeds(is_taken(range) ? STATUS_EXISTS : STATUS_OK,
                 [&] { return map(range, pa, attributes, largest_level); })) {
        set(range, pa, attributes.rights);
    }
}

void PageTableModel::map_frames() {
    struct virt_range range = pick_range();
    range.page_count = std::min(range.page_count, FRAMES_MAX);
    page_attributes attributes = pick_attributes();
    if (frame_count().by_state[FRAME_FREE] < 4 * FRAMES_MAX) {
        idle_steps++;
        return;
    }
    std::vector<phys_addr_t> frames = new_frames(range.page_count);
    bool is_mapped = succeeds(is_taken(range) ? STATUS_EXISTS : STATUS_OK, [&] {
        return page_table_map_frames(&user, range, frames.data(), attributes);
    });
    for (uint64_t i = 0; i < frames.size(); i++) {
        if (is_mapped) {
            runs_[range.start.value + i * PAGE_SIZE] = {PAGE_SIZE, frames[i].value, true,
                                                        attributes.rights};
        } else {
            frame_free(frames[i]);
        }
    }
}

/* T4: nothing can be in the way of it any more, the lack of memory least of all. */
void PageTableModel::map_what_is_reserved() {
    struct virt_range range = pick_range();
    uint64_t pa = DEVICE + choices.below(64) * PAGE_SIZE;
    range.page_count = std::min(range.page_count, FRAMES_MAX);
    if (is_taken(range) || frame_count().by_state[FRAME_FREE] < 4 * FRAMES_MAX) {
        idle_steps++;
        return;
    }
    if (!succeeds(STATUS_OK, [&] { return page_table_reserve(&user, range, 0); })) {
        return;
    }
    {
        FrameDrought drought(0);
        ASSERT_EQ(map(range, pa, USER_RW, 0), STATUS_OK);
    }
    set(range, pa, USER_RW.rights);
}

void PageTableModel::unmap_range() {
    struct virt_range range = pick_range();
    uint64_t unmapped = 0;
    if (succeeds(STATUS_OK, [&] { return unmap(range, &unmapped); })) {
        ASSERT_EQ(unmapped, erase(range));
    }
}

void PageTableModel::unmap_strictly() {
    struct virt_range range = pick_range();
    uint64_t mapped = 0;
    auto [first, end] = runs_of(range);
    for (auto run = first; run != end; ++run) {
        mapped += run->second.size_bytes;
    }
    status expected = mapped == virt_range_size_bytes(range) ? STATUS_OK : STATUS_NOT_FOUND;
    if (succeeds(expected, [&] {
            tlb_gather gather;
            tlb_gather_begin(&gather, &user);
            status status = page_table_unmap_strict(&user, range, &gather);
            tlb_gather_finish(&gather);
            return status;
        })) {
        erase(range);
    }
}

void PageTableModel::unmap_keeping_frames() {
    struct virt_range range = pick_range();
    std::vector<phys_addr_t> frames = frames_of(range);
    if (succeeds(STATUS_OK, [&] {
            tlb_gather gather;
            tlb_gather_begin(&gather, &user);
            status status = page_table_unmap_keeping_frames(&user, range, &gather, nullptr);
            tlb_gather_finish(&gather);
            return status;
        })) {
        erase(range);
        for (phys_addr_t frame : frames) {
            frame_free(frame);
        }
    }
}

void PageTableModel::protect_range() {
    struct virt_range range = pick_range();
    page_attributes attributes = pick_attributes();
    if (succeeds(STATUS_OK, [&] { return protect(range, attributes); })) {
        auto [first, end] = runs_of(range);
        for (auto run = first; run != end; ++run) {
            run->second.rights = attributes.rights;
        }
    }
}

void PageTableModel::remap_range() {
    struct virt_range range = pick_range();
    uint64_t pa = DEVICE + 8 * GIB + range.start.value - FIRST;
    page_attributes attributes = pick_attributes();
    unsigned largest_level = pick_level(range);
    if (succeeds(STATUS_OK, [&] { return remap(range, pa, attributes, largest_level); })) {
        set(range, pa, attributes.rights);
    }
}

/* One thing is wrong; then nothing may have changed. */
void PageTableModel::ask_for_the_impossible() {
    struct virt_range range = pick_range();
    uint64_t memory_end = uint64_t{1} << platform_features()->phys_addr_bits;
    struct virt_range last = pages_at(USER_END, 1);
    struct virt_range across = pages_at(USER_END - PAGE_SIZE, 1 + choices.below(GIB / PAGE_SIZE));
    across.page_count = across.page_count < 2 ? 2 : across.page_count;
    page_attributes global = {RIGHT_READ | RIGHT_USER | RIGHT_GLOBAL, CACHE_WRITE_BACK, 0};
    page_attributes supervisor = {RIGHT_READ | RIGHT_WRITE, CACHE_WRITE_BACK, 0};
    page_attributes no_such_key = {RIGHT_READ | RIGHT_USER, CACHE_WRITE_BACK, 16};
    std::vector<uint64_t> before = tables_now();
    switch (choices.below(9)) {
    case 0:
        ASSERT_EQ(map(last, DEVICE, USER_RW), STATUS_INVALID);
        break;
    case 1:
        ASSERT_EQ(map(across, DEVICE, USER_RO), STATUS_INVALID);
        break;
    case 2:
        ASSERT_EQ(map(range, DEVICE + 1 + choices.below(PAGE_SIZE - 1), USER_RW), STATUS_INVALID);
        break;
    case 3:
        ASSERT_EQ(map(range, memory_end - virt_range_size_bytes(range) + PAGE_SIZE, USER_RW),
                  STATUS_OUT_OF_RANGE);
        break;
    case 4:
        ASSERT_EQ(remap(range, memory_end, USER_RW, 2), STATUS_OUT_OF_RANGE);
        break;
    case 5:
        ASSERT_EQ(map(range, DEVICE, global), STATUS_INVALID);
        break;
    case 6:
        ASSERT_EQ(protect(range, supervisor), STATUS_INVALID);
        break;
    case 7:
        ASSERT_EQ(protect(range, no_such_key), STATUS_INVALID);
        break;
    default:
        ASSERT_EQ(page_table_reserve(&user, last, 0), STATUS_INVALID);
    }
    ASSERT_TRUE(tables_now() == before);
}

void PageTableModel::switch_somebody() {
    page_table *const tables[] = {&user, &other, &kernel, &user};
    unsigned id = static_cast<unsigned>(choices.below(2));
    current_[id] = choices.of(tables);
    switch_to(id, *current_[id]);
}

/* What a CPU reaches, and with which rights, is what the model says. */
void PageTableModel::touch() {
    look_at(pick_range().start.value);
}

void PageTableModel::look_at(uint64_t va) {
    unsigned id = static_cast<unsigned>(choices.below(2));
    if (current_[id] != &user) {
        idle_steps++;
        return;
    }
    uint64_t offset = 0;
    const Run *run = find(va, &offset);
    uint8_t rights = run == nullptr ? RIGHT_NONE : run->rights;
    machine::Outcome read = cpu(id).read(va, USER);
    ASSERT_EQ(read.succeeded(), rights != RIGHT_NONE);
    if (!read.succeeded()) {
        return;
    }
    ASSERT_EQ(read.pa, run->pa + offset);
    bool is_written = cpu(id).write(va, 1, USER).succeeded();
    if (!is_written) {
        is_written = cpu(id).write(va, 1, USER).succeeded(); /* the first fault may be spurious */
    }
    ASSERT_EQ(is_written, (rights & RIGHT_WRITE) != 0);
    if (is_written) {
        written_.insert(va);
    }
}

void PageTableModel::speculate() {
    cpu(static_cast<unsigned>(choices.below(2)))
        .speculate(pick_range().start.value, 16 * PAGE_SIZE);
}

void PageTableModel::step() {
    switch (choices.below(20)) {
    case 0:
        return map_device();
    case 1:
        return map_frames();
    case 2:
        return map_what_is_reserved();
    case 3:
    case 4:
        return unmap_range();
    case 5:
        return unmap_strictly();
    case 6:
        return unmap_keeping_frames();
    case 7:
    case 8:
        return protect_range();
    case 9:
        return remap_range();
    case 10:
        return merge(pick_range());
    case 11:
        return ask_for_the_impossible();
    case 12:
        return switch_somebody();
    case 13:
        return speculate();
    default:
        return touch();
    }
}

/* The tables against the model. */

bool PageTableModel::agrees(const Run &run, uint64_t offset, const page_query &entry) {
    return (entry.kind == PAGE_PARKED) == (run.rights == RIGHT_NONE) &&
           entry.is_owned == run.is_frame && entry.pa.value == run.pa + offset &&
           entry.attributes.rights == run.rights && entry.effective_rights == run.rights;
}

void PageTableModel::compare_entry(virt_addr_t va, const page_query &entry) {
    uint64_t offset = 0;
    const Run *run = find(va.value, &offset);
    uint64_t end = align_down(va.value, level_size(entry.level)) + level_size(entry.level);
    compared_bytes_ += end - va.value;
    if (run == nullptr || !agrees(*run, offset, entry)) {
        ADD_FAILURE() << std::hex << "0x" << va.value << " reaches 0x" << entry.pa.value
                      << " with rights 0x" << unsigned{entry.attributes.rights} << ", not 0x"
                      << (run == nullptr ? 0 : run->pa + offset) << " with 0x"
                      << (run == nullptr ? 0u : unsigned{run->rights});
    }
}

/* Every entry is in the model; since they cover as much as it does, they are all of it. */
void PageTableModel::compare() {
    compared_bytes_ = 0;
    page_table_for_each(
        &user, pages_at(FIRST, SIZE_BYTES / PAGE_SIZE),
        [](void *context, virt_addr_t va, const page_query *entry) {
            static_cast<PageTableModel *>(context)->compare_entry(va, *entry);
            return !HasFailure();
        },
        this);
    uint64_t expected = 0;
    for (const auto &[start, run] : runs_) {
        expected += run.size_bytes;
    }
    EXPECT_EQ(compared_bytes_, expected);
    compare_dirty_pages();
}

/* P3: the dirty flag of a written page is never lost. */
void PageTableModel::compare_dirty_pages() {
    for (uint64_t va : written_) {
        EXPECT_TRUE(query(va).is_dirty) << std::hex << va;
    }
}

void PageTableModel::check() {
    EXPECT_EQ(audit_user_tables(kernel, {&user, &other}), "");
    compare();
}
