#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <vector>

extern "C" {
void *quire_memcpy(void *to, const void *from, size_t size_bytes);
void *quire_memmove(void *to, const void *from, size_t size_bytes);
void *quire_memset(void *to, int byte, size_t size_bytes);
int quire_memcmp(const void *a, const void *b, size_t size_bytes);
size_t quire_strlen(const char *text);
int quire_strcmp(const char *a, const char *b);
int quire_strncmp(const char *a, const char *b, size_t size_bytes);
}

namespace {

constexpr size_t ARENA_BYTES = 96;

std::vector<char> numbered_arena() {
    std::vector<char> arena(ARENA_BYTES);
    std::generate(arena.begin(), arena.end(), [next = char{0}]() mutable { return next++; });
    return arena;
}

int sign(int value) {
    return (value > 0) - (value < 0);
}

/* Calls `test(to, from, size)` for places and sizes around the word size, overlapping or not. */
template <typename Test> void for_each_placement(Test test) {
    for (size_t to = 0; to < 20; to++) {
        for (size_t from = 0; from < 20; from++) {
            for (size_t size = 0; size <= 40; size++) {
                test(to, from, size);
            }
        }
    }
}

} // namespace

TEST(Memory, MovesBetweenOverlappingPlacesAsLibcDoes) {
    for_each_placement([](size_t to, size_t from, size_t size) {
        std::vector<char> ours = numbered_arena();
        std::vector<char> theirs = numbered_arena();
        ASSERT_EQ(quire_memmove(&ours[to], &ours[from], size), &ours[to]);
        memmove(&theirs[to], &theirs[from], size);
        ASSERT_EQ(ours, theirs) << to << " from " << from << ", " << size << " bytes";
    });
}

TEST(Memory, CopiesBetweenPlacesThatDoNotOverlap) {
    for_each_placement([](size_t to, size_t from, size_t size) {
        std::vector<char> ours(ARENA_BYTES, 'x');
        std::vector<char> theirs(ARENA_BYTES, 'x');
        std::vector<char> source = numbered_arena();
        ASSERT_EQ(quire_memcpy(&ours[to], &source[from], size), &ours[to]);
        memcpy(&theirs[to], &source[from], size);
        ASSERT_EQ(ours, theirs) << to << " from " << from << ", " << size << " bytes";
    });
}

TEST(Memory, SetsEachByteAndNoOther) {
    for_each_placement([](size_t at, size_t byte, size_t size) {
        std::vector<char> ours = numbered_arena();
        std::vector<char> theirs = numbered_arena();
        ASSERT_EQ(quire_memset(&ours[at], static_cast<int>(byte * 0x1f), size), &ours[at]);
        memset(&theirs[at], static_cast<int>(byte * 0x1f), size);
        ASSERT_EQ(ours, theirs) << "at " << at << ", " << size << " bytes";
    });
}

TEST(Memory, ComparesBytesAsUnsigned) {
    EXPECT_EQ(quire_memcmp("abc", "abd", 2), 0);
    EXPECT_LT(quire_memcmp("abc", "abd", 3), 0);
    EXPECT_GT(quire_memcmp("\x80", "\x7f", 1), 0);
    EXPECT_EQ(quire_memcmp("a", "b", 0), 0);
}

TEST(Memory, MeasuresAndComparesStrings) {
    EXPECT_EQ(quire_strlen(""), 0u);
    EXPECT_EQ(quire_strlen("four"), 4u);
    for (const char *a : {"", "a", "ab", "b", "\x80"}) {
        for (const char *b : {"", "a", "ab", "b", "\x80"}) {
            EXPECT_EQ(sign(quire_strcmp(a, b)), sign(strcmp(a, b))) << a << " against " << b;
            EXPECT_EQ(sign(quire_strncmp(a, b, 1)), sign(strncmp(a, b, 1))) << a << ", " << b;
            EXPECT_EQ(quire_strncmp(a, b, 0), 0);
        }
    }
}
