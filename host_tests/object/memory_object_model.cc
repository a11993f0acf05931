#include "host_tests/object/memory_object_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "mm/platform.h"

namespace {

constexpr uint64_t NEAR = 8 * PAGE_SIZE;

/* The first page, those where the index grows, the last one, and what is no offset. */
constexpr uint64_t EDGES[] = {
    0, 0, 60 * PAGE_SIZE, 4090 * PAGE_SIZE, 1ull << 40, OBJECT_SIZE_MAX - NEAR, UINT64_MAX - NEAR,
};

} // namespace

machine::Config MemoryObjectModel::config() const {
    machine::Config config;
    config.ram = {{0, 0x9f000}, {0x100000, 0x400000}};
    return config;
}

void MemoryObjectModel::SetUp() {
    SpaceTest::SetUp();
    ASSERT_EQ(memory_object_create(0, &object_), STATUS_OK);
}

void MemoryObjectModel::TearDown() {
    memory_object_unref(object_);
    SpaceTest::TearDown();
}

/* Picks. */

uint64_t MemoryObjectModel::pick_offset() {
    return choices.of(EDGES) + choices.below(NEAR);
}

uint64_t MemoryObjectModel::pick_length() {
    return choices.one_in(8) ? UINT64_MAX - choices.below(NEAR) : choices.below(3 * PAGE_SIZE);
}

/* The model. */

std::string MemoryObjectModel::content(uint64_t offset, uint64_t length) const {
    uint64_t left = offset < size_bytes_ ? size_bytes_ - offset : 0;
    std::string text(std::min(length, left), '\0');
    for (uint64_t done = 0; done < text.size();) {
        uint64_t inside = (offset + done) % PAGE_SIZE;
        uint64_t count = std::min(PAGE_SIZE - inside, text.size() - done);
        auto page = pages_.find((offset + done) / PAGE_SIZE);
        if (page != pages_.end()) {
            text.replace(done, count, page->second, inside, count);
        }
        done += count;
    }
    return text;
}

void MemoryObjectModel::put(uint64_t offset, const std::string &text) {
    for (uint64_t done = 0; done < text.size();) {
        uint64_t inside = (offset + done) % PAGE_SIZE;
        uint64_t count = std::min(PAGE_SIZE - inside, text.size() - done);
        auto page = pages_.try_emplace((offset + done) / PAGE_SIZE, PAGE_SIZE, '\0').first;
        page->second.replace(inside, count, text, done, count);
        unused_.erase(page->first);
        done += count;
    }
    size_bytes_ = text.empty() ? size_bytes_ : std::max(size_bytes_, offset + text.size());
}

/* Pages that lie inside go; of others the part that lies inside becomes zeroes. */
void MemoryObjectModel::zero(uint64_t offset, uint64_t end) {
    for (auto page = pages_.lower_bound(offset / PAGE_SIZE); page != pages_.end();) {
        uint64_t start = page->first * PAGE_SIZE;
        if (start >= end) {
            return;
        }
        uint64_t first = std::max(start, offset) - start;
        uint64_t behind = std::min(end - start, PAGE_SIZE);
        if (first == 0 && behind == PAGE_SIZE) {
            unused_.erase(page->first);
            page = pages_.erase(page);
            continue;
        }
        page->second.replace(first, behind - first, behind - first, '\0');
        page++;
    }
}

/* Whether a page is used is what the pages around the next edge differ in. */
uint64_t MemoryObjectModel::next(uint64_t offset, bool is_used) const {
    uint64_t page = offset / PAGE_SIZE;
    auto at = pages_.lower_bound(page);
    if (is_used) {
        while (at != pages_.end() && unused_.contains(at->first)) {
            at++;
        }
        page = at == pages_.end() ? OBJECT_SIZE_MAX / PAGE_SIZE + 1 : at->first;
    } else {
        while (at != pages_.end() && at->first == page && !unused_.contains(page)) {
            at++;
            page++;
        }
    }
    return std::min(size_bytes_, std::max(offset, page * PAGE_SIZE));
}

/* Operations. */

/* Mostly there is memory; where there is not, only that is an excuse. */
status MemoryObjectModel::in_a_drought(const std::function<status()> &operation) {
    if (!choices.one_in(8)) {
        status result = operation();
        EXPECT_NE(result, STATUS_NO_MEMORY);
        return result;
    }
    FrameDrought drought(choices.below(3));
    return operation();
}

void MemoryObjectModel::write_somewhere() {
    uint64_t offset = pick_offset();
    uint64_t length = pick_length();
    bool is_possible = offset <= OBJECT_SIZE_MAX && length <= OBJECT_SIZE_MAX - offset;
    std::string text(is_possible ? length : 0, static_cast<char>('a' + choices.below(26)));
    size_t done = 0;
    status result = in_a_drought(
        [&] { return memory_object_write(object_, offset, text.data(), length, &done); });
    if (!is_possible) {
        EXPECT_EQ(result, STATUS_OUT_OF_RANGE);
    } else if (result != STATUS_NO_MEMORY) {
        EXPECT_EQ(result, STATUS_OK);
    }
    EXPECT_EQ(result == STATUS_OK, is_possible && done == length);
    put(offset, text.substr(0, done));
}

void MemoryObjectModel::get_a_page() {
    uint64_t number = pick_offset() / PAGE_SIZE;
    bool is_possible = number < align_up(size_bytes_, PAGE_SIZE) / PAGE_SIZE;
    phys_addr_t pa;
    status result = in_a_drought([&] { return memory_object_get_page(object_, number, &pa); });
    if (!is_possible) {
        EXPECT_EQ(result, STATUS_OUT_OF_RANGE);
    } else if (result != STATUS_NO_MEMORY) {
        ASSERT_EQ(result, STATUS_OK);
        unused_.erase(number);
        const std::string &expected = pages_.try_emplace(number, PAGE_SIZE, '\0').first->second;
        const char *found = static_cast<const char *>(platform_phys_to_virt(pa));
        EXPECT_TRUE(expected == std::string(found, PAGE_SIZE)) << "page " << number;
        EXPECT_EQ(frame_of(pa)->owned.owner, object_);
        EXPECT_EQ(frame_of(pa)->owned.index, number);
    }
}

void MemoryObjectModel::reserve_somewhere() {
    uint64_t offset = pick_offset();
    uint64_t length = pick_length();
    bool is_possible = offset <= OBJECT_SIZE_MAX && length <= OBJECT_SIZE_MAX - offset;
    status result =
        in_a_drought([&] { return memory_object_reserve(object_, offset, length, nullptr); });
    if (!is_possible) {
        EXPECT_EQ(result, STATUS_OUT_OF_RANGE);
    }
    if (result != STATUS_OK || length == 0) {
        return;
    }
    for (uint64_t number = offset / PAGE_SIZE; number <= (offset + length - 1) / PAGE_SIZE;
         number++) {
        if (pages_.try_emplace(number, PAGE_SIZE, '\0').second) {
            unused_.insert(number);
        }
    }
}

void MemoryObjectModel::give_a_size() {
    uint64_t size_bytes = pick_offset();
    bool is_possible = size_bytes <= OBJECT_SIZE_MAX;
    EXPECT_EQ(memory_object_resize(object_, size_bytes),
              is_possible ? STATUS_OK : STATUS_OUT_OF_RANGE);
    if (is_possible && size_bytes <= size_bytes_) {
        zero(size_bytes, UINT64_MAX);
    }
    size_bytes_ = is_possible ? size_bytes : size_bytes_;
}

void MemoryObjectModel::punch_somewhere() {
    uint64_t offset = pick_offset();
    uint64_t length = pick_length();
    ASSERT_EQ(memory_object_punch(object_, offset, length), STATUS_OK);
    if (offset <= OBJECT_SIZE_MAX) {
        zero(offset, offset + std::min(length, OBJECT_SIZE_MAX - offset));
    }
}

void MemoryObjectModel::read_somewhere() {
    uint64_t offset = pick_offset();
    uint64_t length = choices.below(3 * PAGE_SIZE);
    std::string text(length, '?');
    text.resize(memory_object_read(object_, offset, text.data(), length));
    EXPECT_TRUE(text == content(offset, length)) << "at " << offset;
}

void MemoryObjectModel::step() {
    switch (choices.below(9)) {
    case 0:
    case 1:
    case 2:
        return write_somewhere();
    case 3:
    case 4:
        return get_a_page();
    case 5:
        return give_a_size();
    case 6:
        return punch_somewhere();
    case 7:
        return reserve_somewhere();
    default:
        return read_somewhere();
    }
}

void MemoryObjectModel::check() {
    EXPECT_EQ(memory_object_size(object_), size_bytes_);
    EXPECT_EQ(memory_object_page_count(object_), pages_.size());
    for (uint64_t edge : EDGES) {
        std::string text(4 * NEAR, '?');
        text.resize(memory_object_read(object_, edge, text.data(), text.size()));
        EXPECT_TRUE(text == content(edge, 4 * NEAR)) << "from " << edge << " on";
        EXPECT_EQ(memory_object_next_data(object_, edge), next(edge, true));
        EXPECT_EQ(memory_object_next_hole(object_, edge), next(edge, false));
    }
    expect_sound();
}
