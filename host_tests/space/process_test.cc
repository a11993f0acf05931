#include "host_tests/space/process_test.h"

const area_source_operations TestFile::operations = {
    [](area_source *source) { reinterpret_cast<File *>(source)->references++; },
    [](area_source *source) { reinterpret_cast<File *>(source)->references--; },
    [](area_source *source) { reinterpret_cast<File *>(source)->stores++; },
};

TestFile::TestFile(uint64_t page_count, uint64_t first_word) {
    file_.source.operations = &operations;
    EXPECT_EQ(memory_object_create(0, &file_.source.object), STATUS_OK);
    for (uint64_t page = 0; page < page_count; page++) {
        uint64_t word = first_word + page;
        size_t done = 0;
        EXPECT_EQ(memory_object_write(object(), page * PAGE_SIZE, &word, sizeof word, &done),
                  STATUS_OK);
    }
    EXPECT_EQ(resize(page_count * PAGE_SIZE), STATUS_OK);
}

TestFile::~TestFile() {
    EXPECT_EQ(file_.references, 0) << "an area still shows it";
    memory_object_unref(object());
}

uint64_t TestFile::word(uint64_t page) const {
    uint64_t word = 0;
    memory_object_read(object(), page * PAGE_SIZE, &word, sizeof word);
    return word;
}

status TestFile::resize(uint64_t size_bytes) {
    return memory_object_resize(object(), size_bytes);
}

status TestFile::punch(uint64_t page, uint64_t page_count) {
    return memory_object_punch(object(), page * PAGE_SIZE, page_count * PAGE_SIZE);
}

void ProcessTest::SetUp() {
    SpaceTest::SetUp();
    parent = create("parent");
    run(0, parent);
}

void ProcessTest::TearDown() {
    expect_sound();
    run(1, kernel_space());
    run(0, kernel_space());
    destroy(parent);
    if (child != nullptr) {
        destroy(child);
    }
    SpaceTest::TearDown();
}

void ProcessTest::run(unsigned id, address_space *space) {
    pc().run_on(id);
    space_switch(space);
    pc().run_on(0);
}

void ProcessTest::fork() {
    ASSERT_EQ(space_fork(parent, "child", &child), STATUS_OK);
    run(1, child);
}

status ProcessTest::map_with(uint64_t index, uint64_t page_count, const space_mapping &mapping) {
    locked_range token;
    space_lock_for_writing(parent, space_user_range(), &token);
    status result = space_map(&token, range(index, page_count), &mapping);
    space_unlock(&token);
    return result;
}

status ProcessTest::map_memory(uint64_t index, uint64_t page_count, uint8_t rights) {
    return map_with(index, page_count, {.rights = rights, .name = "memory"});
}

status ProcessTest::map_private(TestFile &file, uint64_t index, uint64_t page_count, uint8_t rights,
                                uint64_t source_page) {
    return map_with(
        index, page_count,
        {.rights = rights, .source = file.source(), .source_page = source_page, .name = "file"});
}

status ProcessTest::map_shared(TestFile &file, uint64_t index, uint64_t page_count, uint8_t rights,
                               uint64_t source_page) {
    return map_with(index, page_count,
                    {.rights = rights,
                     .source = file.source(),
                     .source_page = source_page,
                     .is_shared = true,
                     .name = "file"});
}

status ProcessTest::remap(const struct space_remap &what, uint64_t *start) {
    virt_addr_t found = {};
    locked_range token;
    space_lock_for_writing(parent, space_user_range(), &token);
    status result = space_remap(&token, &what, &found);
    space_unlock(&token);
    if (start != nullptr) {
        *start = found.value;
    }
    return result;
}

status ProcessTest::discard(uint64_t index, uint64_t page_count, address_space *space) {
    locked_range token;
    space_lock_for_writing(space == nullptr ? parent : space, space_user_range(), &token);
    status result = space_discard(&token, range(index, page_count));
    space_unlock(&token);
    return result;
}

status ProcessTest::set_policy(uint64_t index, uint64_t page_count, fork_policy policy) {
    locked_range token;
    space_lock_for_writing(parent, space_user_range(), &token);
    status result = space_set_fork_policy(&token, range(index, page_count), policy);
    space_unlock(&token);
    return result;
}

status ProcessTest::lock_pages(uint64_t index, uint64_t page_count, memory_lock lock) {
    locked_range token;
    space_lock_for_writing(parent, space_user_range(), &token);
    status result = space_lock_memory(&token, range(index, page_count), lock);
    space_unlock(&token);
    return result;
}

status ProcessTest::lock_all(memory_lock current, memory_lock future) {
    locked_range token;
    space_lock_for_writing(parent, space_user_range(), &token);
    status result = space_lock_all(&token, current, future);
    space_unlock(&token);
    return result;
}

status ProcessTest::fill(uint64_t index, uint64_t page_count, space_access_kind access) {
    locked_range token;
    space_lock_for_writing(parent, space_user_range(), &token);
    status result = space_populate(&token, range(index, page_count), access);
    space_unlock(&token);
    return result;
}

std::string ProcessTest::areas(address_space *space) {
    std::string text;
    space_for_each_area(
        space == nullptr ? parent : space,
        [](void *context, const vm_area *area) {
            auto *found = static_cast<std::string *>(context);
            if (area->range.start.value != 0) {
                auto first = static_cast<int64_t>(area->range.start.value - VA) >> PAGE_SHIFT;
                *found += (found->empty() ? "" : " ") + std::to_string(first) + "+" +
                          std::to_string(area->range.page_count);
            }
            return true;
        },
        &text);
    return text;
}

struct space_usage ProcessTest::usage(address_space *space) {
    struct space_usage found;
    space_usage(space == nullptr ? parent : space, &found);
    return found;
}

void ProcessTest::limit(uint64_t space_limits::*field, uint64_t pages) {
    struct space_limits limits = {SPACE_UNLIMITED, SPACE_UNLIMITED, SPACE_UNLIMITED,
                                  SPACE_UNLIMITED, false,           false};
    limits.*field = pages * PAGE_SIZE;
    space_set_limits(parent, &limits);
}
