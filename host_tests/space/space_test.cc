#include "host_tests/space/space_test.h"
#include "mm/addr/layout.h"

#include <sys/mman.h>

#include <algorithm>
#include <stdexcept>

#include "mm/frame/early.h"
#include "mm/heap/heap.h"

TextLog::TextLog() {
    sink_.context = this;
    sink_.write = [](void *context, const char *text, size_t length) {
        static_cast<TextLog *>(context)->text_.append(text, length);
    };
}

KernelBoot::KernelBoot(machine::Machine &pc) : pc_(pc) {}

KernelBoot::~KernelBoot() {
    if (array_ != nullptr) {
        munmap(array_, array_bytes_);
    }
}

void KernelBoot::begin(std::vector<memory_region> firmware_map) {
    regions_.resize(2 * firmware_map.size() + 1);
    map_ = {.regions = regions_.data(), .count = 0, .capacity = regions_.size()};
    unsigned bits = platform_features()->phys_addr_bits;
    if (memory_map_sanitise(firmware_map.data(), firmware_map.size(), bits, &map_) != STATUS_OK) {
        throw std::runtime_error("the memory map was refused");
    }
    early_begin(&map_, phys_addr(UINT64_MAX));
    if (early_reserve(phys_addr(KERNEL_PA), KERNEL_PAGES * PAGE_SIZE) != STATUS_OK) {
        throw std::runtime_error("the kernel's image was not reserved");
    }
}

std::vector<kernel_section> KernelBoot::sections() {
    auto at = [](uint64_t page) { return virt_addr(KERNEL_IMAGE_BASE + (page << PAGE_SHIFT)); };
    auto pa = [](uint64_t page) { return phys_addr(KERNEL_PA + (page << PAGE_SHIFT)); };
    return {
        {"text", virt_range(at(0), 16), pa(0), RIGHT_READ | RIGHT_EXECUTE},
        {"rodata", virt_range(at(16), 16), pa(16), RIGHT_READ},
        {"data", virt_range(at(32), 16), pa(32), RIGHT_READ | RIGHT_WRITE},
    };
}

status KernelBoot::build(const std::vector<kernel_section> &sections) {
    kernel_layout layout = {&map_, sections.data(), sections.size()};
    return kernel_space_build(&layout, &summary_);
}

void KernelBoot::start() {
    for (unsigned cpu = pc_.config().cpu_count; cpu-- > 0;) {
        pc_.run_on(cpu);
        kernel_space_activate();
    }
    array_bytes_ = frame_array_size_bytes(&map_);
    array_ = mmap(nullptr, array_bytes_, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (array_ == MAP_FAILED) {
        throw std::runtime_error("no host memory for the frame array");
    }
    kernel_space_start_with(static_cast<struct frame *>(array_));
    pc_.know_free_pages([](uint64_t pa) {
        return frame_exists(phys_addr(pa)) && frame_of(phys_addr(pa))->state == FRAME_FREE;
    });
}

/* The kernel's tables stay when they become empty (T3); that no other table has leaked is seen by
 * the audit. */
static uint64_t free_frames_and_tables() {
    frame_counts counts = frame_count();
    return counts.by_state[FRAME_FREE] + counts.by_state[FRAME_TABLE];
}

void SpaceTest::SetUp() {
    MachineTest::SetUp();
    boot_ = std::make_unique<KernelBoot>(pc());
    ASSERT_NO_FATAL_FAILURE(bring_up());
    frames_at_start_ = free_frames_and_tables();
}

void SpaceTest::bring_up() {
    boot_->begin(firmware_memory_map(pc()));
    ASSERT_EQ(boot_->build(KernelBoot::sections()), STATUS_OK);
    boot_->start();
}

void SpaceTest::TearDown() {
    expect_sound();
    audit_drain();
    EXPECT_EQ(free_frames_and_tables(), frames_at_start_) << "frames leaked (or freed twice)";
    MachineTest::TearDown();
    boot_.reset();
}

void SpaceTest::expect_sound() {
    TextLog log;
    audit_result result = audit_run(log.sink());
    EXPECT_EQ(result.finding_count, 0u) << log.text();
    EXPECT_EQ(log.text(), "");
}

address_space *SpaceTest::create(const char *name) {
    address_space *space = nullptr;
    EXPECT_EQ(space_create(name, &space), STATUS_OK);
    return space;
}

void SpaceTest::destroy(address_space *space) {
    EXPECT_EQ(space_destroy(space), STATUS_OK);
}

static struct virt_range range_of(uint64_t va, uint64_t page_count) {
    struct virt_range range = {virt_addr(va), page_count}; /* unchecked: tests pass bad ones */
    return range;
}

status SpaceTest::map(address_space *space, uint64_t va, uint64_t page_count, uint8_t rights,
                      const char *name) {
    locked_range token;
    space_lock_for_writing(space, space_user_range(), &token);
    const space_mapping mapping = {.rights = rights, .name = name};
    status result = space_map(&token, range_of(va, page_count), &mapping);
    space_unlock(&token);
    return result;
}

status SpaceTest::guard(address_space *space, uint64_t va, uint64_t page_count, const char *name) {
    locked_range token;
    space_lock_for_writing(space, space_user_range(), &token);
    status result = space_reserve_guard(&token, range_of(va, page_count), name);
    space_unlock(&token);
    return result;
}

status SpaceTest::unmap(address_space *space, uint64_t va, uint64_t page_count) {
    locked_range token;
    space_lock_for_writing(space, space_user_range(), &token);
    status result = space_unmap(&token, range_of(va, page_count));
    space_unlock(&token);
    return result;
}

status SpaceTest::protect(address_space *space, uint64_t va, uint64_t page_count, uint8_t rights) {
    locked_range token;
    space_lock_for_writing(space, space_user_range(), &token);
    status result = space_protect(&token, range_of(va, page_count), rights);
    space_unlock(&token);
    return result;
}

status SpaceTest::find_gap(address_space *space, uint64_t page_count, uint64_t alignment,
                           uint64_t *va) {
    locked_range token;
    struct virt_range range = {};
    space_lock_for_writing(space, space_user_range(), &token);
    const space_gap gap = {page_count, alignment, virt_addr(SPACE_MMAP_END)};
    status result = space_find_gap(&token, &gap, &range);
    space_unlock(&token);
    *va = range.start.value;
    return result;
}

/* A page may be filled and, once that is seen, copied or granted. */
machine::Outcome SpaceTest::run_as_user(const std::function<machine::Outcome()> &access,
                                        uint64_t va, unsigned id, space_access_kind kind) {
    constexpr int tries = 3;
    machine::Outcome outcome = access();
    unsigned before = pc().current_cpu();
    pc().run_on(id);
    for (int i = 1; i < tries && !outcome.succeeded(); i++) {
        if (space_resolve_fault(space_current(), virt_addr(va), kind) != STATUS_OK) {
            break;
        }
        outcome = access();
    }
    pc().run_on(before);
    return outcome;
}

machine::Outcome SpaceTest::read_as_user(uint64_t va, unsigned id) {
    return run_as_user([&] { return cpu(id).read(va, machine::Privilege::USER); }, va, id,
                       ACCESS_READ);
}

machine::Outcome SpaceTest::write_as_user(uint64_t va, uint64_t value, unsigned id) {
    return run_as_user([&] { return cpu(id).write(va, value, machine::Privilege::USER); }, va, id,
                       ACCESS_WRITE);
}

machine::Outcome SpaceTest::execute_as_user(uint64_t va, unsigned id) {
    return run_as_user([&] { return cpu(id).execute(va, machine::Privilege::USER); }, va, id,
                       ACCESS_EXECUTE);
}

status SpaceTest::populate(address_space *space, uint64_t va, uint64_t page_count) {
    locked_range token;
    space_lock_for_writing(space, space_user_range(), &token);
    status result = STATUS_OK;
    for (uint64_t i = 0; result == STATUS_OK && i < page_count; i++) {
        struct virt_range page = range_of(va + i * PAGE_SIZE, 1);
        result = space_populate(&token, page, ACCESS_WRITE);
        if (result == STATUS_INVALID) {
            result = space_populate(&token, page, ACCESS_READ);
        }
    }
    space_unlock(&token);
    return result;
}

std::string SpaceTest::dump(address_space *space) {
    TextLog log;
    space_dump(space, log.sink());
    return log.text();
}

static void append_tables(std::vector<uint64_t> &words, uint64_t table, unsigned level,
                          unsigned first, unsigned end) {
    const auto *entries = static_cast<const uint64_t *>(platform_phys_to_virt(phys_addr(table)));
    for (unsigned i = first; i < end; i++) {
        uint64_t entry = entries[i];
        words.push_back(entry);
        bool is_table = level > 0 && (entry & 1) != 0 && (entry & 0x80) == 0;
        if (is_table) {
            append_tables(words, entry & 0x000ffffffffff000, level - 1, 0, 512);
        }
    }
}

std::vector<uint64_t> SpaceTest::table_words(address_space *space) {
    const page_table *table = space_page_table(space);
    bool is_kernel = table->half == HALF_KERNEL;
    std::vector<uint64_t> words;
    append_tables(words, table->root.value, table->levels - 1u, is_kernel ? 256 : 0,
                  is_kernel ? 512 : 256);
    return words;
}

SpaceTest::State SpaceTest::state(address_space *space) {
    heap_drain();
    return {table_words(space), dump(space), free_frames(), heap_count().object_count};
}

unsigned SpaceTest::expect_all_or_nothing(address_space *space,
                                          const std::function<status()> &operation) {
    for (unsigned frames = 0; frames < 1000; frames++) {
        heap_drain();
        FrameDrought drought(frames);
        State before = state(space);
        unsigned requests = pc().flush_counts().requests;
        status result = operation();
        if (result == STATUS_OK) {
            return frames;
        }
        EXPECT_EQ(result, STATUS_NO_MEMORY) << "with " << frames << " frames";
        EXPECT_EQ(pc().flush_counts().requests, requests) << "with " << frames << " frames";
        EXPECT_TRUE(state(space) == before) << "changed with " << frames << " frames";
    }
    ADD_FAILURE() << "never succeeds";
    return 0;
}

std::vector<vm_area *> SpaceTest::fill_slabs() {
    std::vector<vm_area *> fillers;
    uint64_t frames = heap_count().frame_count;
    while (heap_count().frame_count == frames) {
        fillers.push_back(static_cast<vm_area *>(heap_alloc(sizeof(vm_area))));
    }
    heap_free(fillers.back());
    fillers.pop_back();
    heap_drain();
    return fillers;
}

void SpaceTest::free_fillers(const std::vector<vm_area *> &fillers) {
    for (vm_area *filler : fillers) {
        heap_free(filler);
    }
}
