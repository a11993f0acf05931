#include "kernel/proc/text/walk_text.h"

#include <gtest/gtest.h>

#include <cstring>

#include "host_tests/kernel/captured_text.h"

namespace {

page_walk_step step(uint8_t level, uint16_t index, uint64_t table, uint64_t raw, uint8_t rights,
                    const char *words) {
    page_walk_step made = {};
    made.level = level;
    made.index = index;
    made.table.value = table;
    made.raw = raw;
    made.rights = rights;
    strcpy(made.words, words);
    return made;
}

std::string text_of(const page_walk &walk) {
    CapturedText text;
    walk_write(text.sink(), &walk);
    return text.text();
}

TEST(WalkTextTest, AWalkToAPageHasALineForEachEntryAndItsWords) {
    constexpr uint8_t all = RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE | RIGHT_USER;
    page_walk walk = {};
    walk.step_count = 2;
    walk.steps[0] = step(1, 2, 0x11f000, 0x120027, all, "present, table");
    walk.steps[1] =
        step(0, 511, 0x120000, 0x8000000000121005, RIGHT_READ | RIGHT_USER, "present, 4 KiB leaf");
    EXPECT_EQ(text_of(walk), "level 1: entry 2 of frame 287 is frame 288 and 0x27\n"
                             "         present, table\n"
                             "level 0: entry 511 of frame 288 is frame 289 and "
                             "0x8000000000000005\n"
                             "         present, 4 KiB leaf\n");
}

TEST(WalkTextTest, AWalkThatEndsBeforeSaysWhichBitStopsIt) {
    page_walk walk = {};
    walk.step_count = 1;
    walk.steps[0] = step(3, 7, 0x1000, 0, RIGHT_NONE, "absent");
    EXPECT_EQ(text_of(walk), "level 3: entry 7 of frame 1 is 0x0\n"
                             "         absent\n"
                             "stopped at level 3: bit 0 (P) is clear\n");
}

} // namespace
