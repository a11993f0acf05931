#include "host_tests/space/user_range_model.h"

#include <algorithm>

#include "mm/heap/heap.h"

namespace {

/* The first pages of what is played with: across two tables of every level, and at each end. */
constexpr uint64_t WINDOWS[] = {0x7fffffe0000, NULL_GUARD_END - 8 * PAGE_SIZE,
                                USER_END - 56 * PAGE_SIZE};

} // namespace

machine::Config UserRangeModel::config() const {
    machine::Config config;
    config.ram = {{0, 0x9f000}, {0x100000, 0x700000}};
    return config;
}

void UserRangeModel::SetUp() {
    SpaceTest::SetUp();
    for (Side &side : sides_) {
        side.space = create("model");
    }
    for (unsigned id : {1, 0}) {
        pc().run_on(id);
        current_[id] = sides_[0].space;
        space_switch(current_[id]);
    }
}

void UserRangeModel::TearDown() {
    for (unsigned id : {1, 0}) {
        pc().run_on(id);
        space_switch(kernel_space());
    }
    for (Side &side : sides_) {
        destroy(side.space);
    }
    SpaceTest::TearDown();
}

/* Picks. */

bool UserRangeModel::Request::is_valid() const {
    bool is_small = page_count > 0 && page_count <= USER_END / PAGE_SIZE;
    return is_small && va % PAGE_SIZE == 0 && va <= USER_END - page_count * PAGE_SIZE;
}

UserRangeModel::Request UserRangeModel::pick_request() {
    uint64_t shape = choices.below(32);
    uint64_t window = WINDOWS[shape % 3];
    uint64_t first = choices.below(WINDOW_PAGES);
    uint64_t count = 1 + choices.below(12);
    Request request = {window + first * PAGE_SIZE, std::min(count, WINDOW_PAGES - first)};
    switch (shape) {
    case 29:
        request.va += choices.below(PAGE_SIZE);
        break;
    case 30:
        request.page_count = choices.below(UINT64_MAX) >> choices.below(64);
        break;
    case 31:
        request.va = choices.below(UINT64_MAX) << choices.below(64);
        break;
    }
    return request;
}

uint8_t UserRangeModel::pick_rights() {
    static constexpr uint8_t all[] = {RIGHT_NONE, RIGHT_READ, RIGHT_READ | RIGHT_WRITE,
                                      RIGHT_READ | RIGHT_EXECUTE};
    return choices.of(all);
}

/* The model. */

bool UserRangeModel::is_empty(const Side &side, const Request &request) {
    auto next = side.pages.lower_bound(request.first());
    return !request.meets_null_guard() &&
           (next == side.pages.end() || next->first >= request.end());
}

void UserRangeModel::erase(Side &side, const Request &request) {
    side.pages.erase(side.pages.lower_bound(request.first()),
                     side.pages.lower_bound(request.end()));
}

/* The operations. */

/* Now and then without memory; then nothing may have changed. */
bool UserRangeModel::succeeds(Side &side, status expected,
                              const std::function<status()> &operation) {
    status result = STATUS_NO_MEMORY;
    if (choices.one_in(64)) {
        heap_drain();
        FrameDrought drought(choices.below(4));
        State before = state(side.space);
        result = operation();
        if (result == STATUS_NO_MEMORY) {
            EXPECT_TRUE(state(side.space) == before) << "changed, though there was no memory";
            return false;
        }
    } else {
        result = operation();
    }
    EXPECT_EQ(result, expected);
    return result == STATUS_OK;
}

void UserRangeModel::map_somewhere() {
    Side &side = pick_side();
    Request request = pick_request();
    uint8_t rights = pick_rights();
    status expected = STATUS_OK;
    if (!request.is_valid()) {
        expected = STATUS_INVALID;
    } else if (!is_empty(side, request)) {
        expected = STATUS_EXISTS;
    } else if (request.page_count > 2 * WINDOW_PAGES) {
        idle_steps++;
        return; /* legal, and too much for the model */
    }
    const char *name = choices.one_in(4) ? "other" : "memory";
    if (succeeds(side, expected,
                 [&] { return map(side.space, request.va, request.page_count, rights, name); })) {
        for (uint64_t number = request.first(); number < request.end(); number++) {
            side.pages[number] = {rights, false, 0};
        }
    }
}

void UserRangeModel::guard_somewhere() {
    Side &side = pick_side();
    Request request = pick_request();
    if (request.is_valid()) {
        request.page_count = std::min<uint64_t>(request.page_count, 2);
    }
    status expected = is_empty(side, request) ? STATUS_OK : STATUS_EXISTS;
    expected = request.is_valid() ? expected : STATUS_INVALID;
    if (succeeds(side, expected,
                 [&] { return guard(side.space, request.va, request.page_count, "guard"); })) {
        for (uint64_t number = request.first(); number < request.end(); number++) {
            side.pages[number] = {RIGHT_NONE, true, 0};
        }
    }
}

void UserRangeModel::unmap_somewhere() {
    Side &side = pick_side();
    Request request = pick_request();
    if (succeeds(side, request.is_valid() ? STATUS_OK : STATUS_INVALID,
                 [&] { return unmap(side.space, request.va, request.page_count); })) {
        erase(side, request);
    }
}

uint64_t UserRangeModel::end_of_memory(const Side &side, const Request &request) {
    auto page = side.pages.find(request.first());
    uint64_t number = request.first();
    while (number < request.end() && page != side.pages.end() && page->first == number &&
           !page->second.is_guard) {
        number++;
        ++page;
    }
    return number;
}

/* Areas are changed upwards, so what was changed before an error is what lies lowest. */
void UserRangeModel::note_protected(Side &side, uint64_t first, uint64_t end, uint8_t rights) {
    bool is_done = false;
    for (uint64_t number = first; number < end; number++) {
        vm_area area;
        ASSERT_TRUE(space_find_area(side.space, virt_addr(number * PAGE_SIZE), &area));
        Page &page = side.pages[number];
        is_done = is_done || (area.attributes.rights & ~RIGHT_USER) != rights;
        page.rights = is_done ? page.rights : rights;
    }
}

void UserRangeModel::protect_somewhere() {
    Side &side = pick_side();
    Request request = pick_request();
    uint8_t rights = pick_rights();
    auto operation = [&] { return protect(side.space, request.va, request.page_count, rights); };
    if (!request.is_valid()) {
        succeeds(side, STATUS_INVALID, operation);
        return;
    }
    uint64_t end = end_of_memory(side, request);
    status expected = end == request.end() ? STATUS_OK : STATUS_NO_MEMORY;
    if (choices.one_in(64)) {
        heap_drain();
        FrameDrought drought(choices.below(4));
        if (operation() == STATUS_NO_MEMORY) {
            note_protected(side, request.first(), end, rights);
            return;
        }
    } else {
        ASSERT_EQ(operation(), expected);
    }
    for (uint64_t number = request.first(); number < end; number++) {
        side.pages[number].rights = rights;
    }
}

/* 0 where there is none: that is in the null guard. Counted down from the top. */
uint64_t UserRangeModel::highest_gap(const Side &side, uint64_t page_count,
                                     uint64_t alignment) const {
    uint64_t end = SPACE_MMAP_END;
    auto below = side.pages.lower_bound(end / PAGE_SIZE);
    while (true) {
        uint64_t gap_start = below == side.pages.begin()
                                 ? NULL_GUARD_END
                                 : (std::prev(below)->first + 1) * PAGE_SIZE;
        uint64_t start = end / PAGE_SIZE < page_count ? 0 : end - page_count * PAGE_SIZE;
        start = align_down(start, alignment);
        if (start >= gap_start && start != 0) {
            return start;
        }
        if (below == side.pages.begin()) {
            return 0;
        }
        --below;
        end = below->first * PAGE_SIZE;
    }
}

void UserRangeModel::find_a_gap() {
    Side &side = pick_side();
    uint64_t page_count = 1 + (choices.below(UINT64_MAX) >> choices.below(64));
    uint64_t alignment = PAGE_SIZE << choices.below(52);
    uint64_t expected = highest_gap(side, page_count, alignment);
    uint64_t found = 0;
    ASSERT_EQ(find_gap(side.space, page_count, alignment, &found),
              expected == 0 ? STATUS_NO_MEMORY : STATUS_OK);
    if (expected != 0) {
        ASSERT_EQ(found, expected);
    }
}

UserRangeModel::Side *UserRangeModel::side_of(unsigned id) {
    for (Side &side : sides_) {
        if (side.space == current_[id]) {
            return &side;
        }
    }
    return nullptr;
}

void UserRangeModel::touch_somewhere() {
    unsigned id = static_cast<unsigned>(choices.below(2));
    uint64_t va = choices.of(WINDOWS) + choices.below(WINDOW_PAGES) * PAGE_SIZE;
    uint64_t value = choices.below(UINT64_MAX);
    Side *side = side_of(id);
    if (side == nullptr) {
        idle_steps++;
        return;
    }
    auto page = side->pages.find(va / PAGE_SIZE);
    bool is_allowed = page != side->pages.end() && (page->second.rights & RIGHT_WRITE) != 0;
    ASSERT_EQ(write_as_user(va, value, id).succeeded(), is_allowed);
    if (is_allowed) {
        page->second.value = value;
    }
}

/* As the kernel copies for a system call. */
void UserRangeModel::copy_somewhere() {
    Side &side = pick_side();
    uint64_t first = choices.below(WINDOW_PAGES);
    uint64_t va = choices.of(WINDOWS) + first * PAGE_SIZE;
    uint64_t value = choices.below(UINT64_MAX);
    auto page = side.pages.find(va / PAGE_SIZE);
    uint8_t rights = page == side.pages.end() ? uint8_t{RIGHT_NONE} : page->second.rights;
    size_t done = 0;
    ASSERT_EQ(space_write(side.space, virt_addr(va), &value, sizeof value, &done),
              (rights & RIGHT_WRITE) != 0 ? STATUS_OK : STATUS_FAULT);
    if (done != 0) {
        page->second.value = value;
    }
    std::vector<uint8_t> buffer(1 + choices.below(4 * PAGE_SIZE));
    uint64_t start = va + choices.below(PAGE_SIZE);
    uint64_t readable_end = va;
    while (page != side.pages.end() && page->first == readable_end / PAGE_SIZE &&
           page->second.rights != RIGHT_NONE) {
        readable_end += PAGE_SIZE;
        ++page;
    }
    uint64_t readable = readable_end <= start ? 0 : readable_end - start;
    ASSERT_EQ(space_read(side.space, virt_addr(start), buffer.data(), buffer.size(), &done),
              readable >= buffer.size() ? STATUS_OK : STATUS_FAULT);
    ASSERT_EQ(done, std::min<uint64_t>(readable, buffer.size()));
}

/* A process ends, and another one begins. */
void UserRangeModel::begin_anew() {
    Side &side = pick_side();
    bool is_current = current_[0] == side.space || current_[1] == side.space;
    if (is_current) {
        ASSERT_EQ(space_destroy(side.space), STATUS_BUSY);
        return;
    }
    destroy(side.space);
    side = {create("model"), {}};
}

void UserRangeModel::switch_somebody() {
    unsigned id = static_cast<unsigned>(choices.below(2));
    address_space *const spaces[] = {sides_[0].space, sides_[1].space, kernel_space()};
    pc().run_on(id);
    ASSERT_EQ(space_switch(choices.of(spaces)), current_[id]);
    current_[id] = space_current();
}

void UserRangeModel::step() {
    switch (choices.below(16)) {
    case 0:
    case 1:
    case 2:
        return map_somewhere();
    case 3:
    case 4:
        return unmap_somewhere();
    case 5:
    case 6:
    case 7:
        return protect_somewhere();
    case 8:
        return guard_somewhere();
    case 9:
        return find_a_gap();
    case 10:
    case 11:
        return copy_somewhere();
    case 12:
        return begin_anew();
    case 13:
        return switch_somebody();
    default:
        return touch_somewhere();
    }
}

/* Everything against the model. */

void UserRangeModel::check_page_as_seen_by(unsigned id, const Side &side, uint64_t number) {
    uint64_t va = number * PAGE_SIZE;
    auto found = side.pages.find(number);
    Page page = found == side.pages.end() ? Page() : found->second;
    machine::Outcome outcome = read_as_user(va, id);
    ASSERT_EQ(outcome.succeeded(), (page.rights & RIGHT_READ) != 0) << std::hex << va;
    if (outcome.succeeded()) {
        ASSERT_EQ(outcome.value, page.value) << std::hex << va;
    }
    ASSERT_EQ(execute_as_user(va, id).succeeded(), (page.rights & RIGHT_EXECUTE) != 0)
        << std::hex << va;
}

void UserRangeModel::check_page(Side &side, uint64_t number) {
    vm_area area = {};
    bool is_null_guard = number < NULL_GUARD_END / PAGE_SIZE;
    bool has_area = space_find_area(side.space, virt_addr(number * PAGE_SIZE), &area);
    auto found = side.pages.find(number);
    ASSERT_EQ(has_area, is_null_guard || found != side.pages.end()) << std::hex << number;
    if (has_area) {
        bool is_guard = is_null_guard || found->second.is_guard;
        ASSERT_EQ(area.kind, is_guard ? AREA_GUARD : AREA_ANON);
    }
}

void UserRangeModel::check() {
    expect_sound();
    unsigned id = static_cast<unsigned>(choices.below(2));
    Side *seen = side_of(id);
    for (uint64_t window : WINDOWS) {
        uint64_t first = window / PAGE_SIZE;
        for (uint64_t number = first; number < first + WINDOW_PAGES; number++) {
            check_page(sides_[0], number);
            check_page(sides_[1], number);
            if (seen != nullptr) {
                check_page_as_seen_by(id, *seen, number);
            }
        }
    }
}
